"""
Tokens into statements.

Variables get their places here, so a rendering looks nothing up by name. Every definition has
variables of its own, of which ``$`` (what it was called with) is the first.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from tapewatch.watch.errors import TemplateFault
from tapewatch.watch.templates.expressions import (
    Call,
    Choice,
    Command,
    Constant,
    Dot,
    Fields,
    Invocation,
    Operand,
    Pipeline,
    Variable,
)
from tapewatch.watch.templates.lex import Kind, Source, Token, tokens
from tapewatch.watch.templates.limits import DEPTH_MAX
from tapewatch.watch.templates.statements import (
    Action,
    Block,
    Body,
    Flow,
    If,
    Include,
    Leave,
    Range,
    Statement,
    Text,
)

_CHOICES: Final = {"and": False, "or": True}


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text holds: its own body and the templates that it defines."""

    body: Body
    definitions: dict[str, Body]


@dataclass(slots=True)
class Scope:
    """The variables that can be seen; ``most`` is how many there are at once."""

    names: list[str] = field(default_factory=lambda: ["$"])
    most: int = 1

    def declare(self, name: str) -> int:
        """Give a variable a place."""
        self.names.append(name)
        self.most = max(self.most, len(self.names))
        return len(self.names) - 1

    def find(self, name: str) -> int | None:
        """Return the place of the innermost variable of that name."""
        for slot in range(len(self.names) - 1, -1, -1):
            if self.names[slot] == name:
                return slot
        return None


def parse(source: Source, functions: Iterable[str], given: Sequence[str] = ()) -> Parsed:
    """Read a text; ``functions`` are the names that it may call."""
    return Parser(source, frozenset(functions), tuple(given)).parse()


class Parser:
    """Reads one text from its first token to its last."""

    def __init__(self, source: Source, functions: frozenset[str], given: tuple[str, ...]) -> None:
        self._source = source
        self._functions = functions
        self._given = given
        self._tokens = list(tokens(source))
        self._next = 0
        self._scope = Scope()
        self._definitions: dict[str, Body] = {}
        self._loops = 0
        self._depth = 0

    def parse(self) -> Parsed:
        """Read everything."""
        for name in self._given:
            self._scope.declare(f"${name}")
        block, end = self._block(top=True)
        if end.kind is not Kind.END:
            raise self._fault(end, f"unexpected {{{{{end.text}}}}}")
        body = Body(self._source, block, self._scope.most, self._given)
        return Parsed(body, self._definitions)

    # Statements.

    def _block(self, *, top: bool = False) -> tuple[Block, Token]:
        """Read statements up to ``end``, ``else`` or the end of the text, which is returned."""
        statements: list[Statement] = []
        while True:
            token = self._take()
            if token.kind is Kind.TEXT:
                statements.append(Text(token.at, token.text))
            elif token.kind is Kind.END:
                return Block(tuple(statements)), token
            else:
                word = self._peek_word()
                if word.kind is Kind.KEYWORD and word.text in ("end", "else"):
                    self._take_word()
                    return Block(tuple(statements)), word
                with self._deeper(word):
                    statements += self._action(word, top=top)

    def _action(self, word: Token, *, top: bool) -> list[Statement]:
        if word.kind is not Kind.KEYWORD:
            return [self._plain_action()]
        self._take_word()
        if word.text == "define":
            return self._define(word, top=top)
        readers = {
            "if": self._if,
            "with": self._if,
            "range": self._range,
            "template": self._include,
            "block": self._block_action,
            "break": self._leave,
            "continue": self._leave,
        }
        return [readers[word.text](word)]

    def _plain_action(self) -> Statement:
        pipeline = self._pipeline(Kind.CLOSE)
        return Action(pipeline)

    def _if(self, word: Token) -> Statement:
        with self._inner_scope():
            pipeline = self._pipeline(Kind.CLOSE)
            then, end = self._block()
            otherwise = self._otherwise(word, end)
            return If(pipeline, then, otherwise, moves_dot=word.text == "with")

    def _otherwise(self, word: Token, end: Token) -> Block:
        """Read what follows a block: ``end``, ``else``, or ``else if``."""
        if end.text == "end":
            self._close(end)
            return Block()
        self._expect_block_end(word, end)
        again = self._peek_word()
        if again.kind is Kind.KEYWORD and again.text == word.text and word.text != "range":
            self._take_word()
            with self._deeper(again):
                return Block((self._if(again),))
        self._close(end)
        block, last = self._block()
        if last.text != "end":
            raise self._fault(last, f"expected {{{{end}}}}, found {last}")
        self._close(last)
        return block

    def _expect_block_end(self, word: Token, end: Token) -> None:
        if end.kind is Kind.END:
            raise self._fault(word, f"{{{{{word.text}}}}} has no {{{{end}}}}")

    def _range(self, word: Token) -> Statement:
        with self._inner_scope():
            pipeline = self._pipeline(Kind.CLOSE, loop=True)
            slots = pipeline.slots
            key, value = slots if len(slots) == 2 else (None, slots[0] if slots else None)
            self._loops += 1
            body, end = self._block()
            self._loops -= 1
            # The variables are set for each element, not to the list itself.
            own = Pipeline(pipeline.at, pipeline.commands)
            return Range(own, key, value, body, self._otherwise(word, end))

    def _leave(self, word: Token) -> Statement:
        if not self._loops:
            raise self._fault(word, f"{{{{{word.text}}}}} outside {{{{range}}}}")
        self._close(word)
        return Leave(Flow.BREAK if word.text == "break" else Flow.CONTINUE)

    def _include(self, word: Token) -> Statement:
        name = self._template_name(word)
        if self._peek_word().kind is Kind.CLOSE:
            self._take_word()
            return Include(word.at, name, None)
        return Include(word.at, name, self._pipeline(Kind.CLOSE))

    def _block_action(self, word: Token) -> Statement:
        name = self._template_name(word)
        pipeline = self._pipeline(Kind.CLOSE)
        self._definitions[name] = self._definition(word)
        return Include(word.at, name, pipeline)

    def _define(self, word: Token, *, top: bool) -> list[Statement]:
        if not top:
            raise self._fault(word, "unexpected {{define}} inside of another action")
        name = self._template_name(word)
        self._close(word)
        self._definitions[name] = self._definition(word)
        return []

    def _definition(self, word: Token) -> Body:
        outer_scope, outer_loops = self._scope, self._loops
        self._scope, self._loops = Scope(), 0
        block, end = self._block()
        if end.text != "end":
            raise self._fault(word, f"{{{{{word.text}}}}} has no {{{{end}}}}")
        self._close(end)
        body = Body(self._source, block, self._scope.most)
        self._scope, self._loops = outer_scope, outer_loops
        return body

    def _template_name(self, word: Token) -> str:
        token = self._take_word()
        if token.kind is not Kind.CONSTANT or not isinstance(token.value, str):
            raise self._fault(token, f"{word.text} needs a quoted name, not {token}")
        return token.value

    # Pipelines.

    def _pipeline(self, closing: Kind, *, loop: bool = False) -> Pipeline:
        first = self._peek_word()
        names, declares = self._targets(loop=loop)
        commands = [self._command(first_in_pipeline=True)]
        while self._peek_word().kind is Kind.PIPE:
            self._take_word()
            commands.append(self._command(first_in_pipeline=False))
        end = self._take_word()
        if end.kind is not closing:
            raise self._fault(end, f"unexpected {end}, expected {closing}")
        return Pipeline(first.at, tuple(commands), self._slots(names, declares), declares)

    def _targets(self, *, loop: bool) -> tuple[list[Token], bool]:
        """Read ``$a :=``, ``$a =`` and ``$a, $b :=`` where they stand."""
        begin = self._next
        names: list[Token] = []
        while self._peek_word().kind is Kind.VARIABLE:
            names.append(self._take_word())
            sign = self._peek_word()
            if sign.kind in (Kind.DECLARE, Kind.ASSIGN):
                self._take_word()
                return names, sign.kind is Kind.DECLARE
            if sign.kind is not Kind.COMMA or not loop or len(names) == 2:
                break
            self._take_word()
        self._next = begin
        return [], True

    def _slots(self, names: Sequence[Token], declares: bool) -> tuple[int, ...]:
        if declares:
            return tuple(self._scope.declare(name.text) for name in names)
        return tuple(self._variable(name) for name in names)

    def _command(self, *, first_in_pipeline: bool) -> Command:
        token = self._peek_word()
        operands = self._operands()
        if not operands:
            raise self._fault(token, f"missing value before {token}")
        first, arguments = operands[0], tuple(operands[1:])
        if isinstance(first, Name):
            return self._call(first, arguments)
        if isinstance(first, Constant) and not first_in_pipeline:
            raise self._fault(token, f"non executable command in pipeline stage: {token}")
        if isinstance(first, Constant) and first.value is None:
            raise self._fault(token, "nil is not a command")
        self._refuse_arguments(token, first, arguments)
        return Invocation(token.at, first, self._values(arguments))

    def _refuse_arguments(
        self, token: Token, first: Operand, arguments: Sequence["Operand | Name"]
    ) -> None:
        if arguments and not isinstance(first, Fields):
            raise self._fault(token, f"can't give argument to non-function {token}")

    def _call(self, name: "Name", arguments: Sequence["Operand | Name"]) -> "Call | Choice":
        values = self._values(arguments)
        if name.text in _CHOICES and name.text in self._functions:
            return Choice(name.at, _CHOICES[name.text], values)
        return Call(name.at, name.text, values)

    def _values(self, operands: Sequence["Operand | Name"]) -> tuple[Operand, ...]:
        """A function among the arguments is called without any."""
        return tuple(self._call(each, ()) if isinstance(each, Name) else each for each in operands)

    def _operands(self) -> "list[Operand | Name]":
        """Read operands with blanks between them."""
        operands: list[Operand | Name] = []
        while True:
            self._skip_blanks()
            token = self._peek()
            if token.kind not in _OPERANDS:
                return operands
            if operands and self._tokens[self._next - 1].kind is not Kind.SPACE:
                raise self._fault(token, f"unexpected {token}: leave a blank before it")
            operands.append(self._operand())

    def _operand(self) -> "Operand | Name":
        token = self._take()
        base = self._term(token)
        names = [token.text[1:]] if token.kind is Kind.FIELD else []
        while self._peek().kind is Kind.FIELD:
            if isinstance(base, Name | Constant):
                raise self._fault(self._peek(), f"unexpected {self._peek()} after {token}")
            names.append(self._take().text[1:])
        if isinstance(base, Name) or not names:
            return base
        return Fields(token.at, base, tuple(names))

    def _term(self, token: Token) -> "Operand | Name":
        if token.kind is Kind.NAME:
            if token.text not in self._functions:
                raise self._fault(token, f'function "{token.text}" not defined')
            return Name(token.at, token.text)
        if token.kind is Kind.LEFT:
            with self._deeper(token):
                return self._pipeline(Kind.RIGHT)
        if token.kind is Kind.VARIABLE:
            return Variable(token.at, self._variable(token))
        if token.kind in (Kind.DOT, Kind.FIELD):
            return Dot(token.at)
        return Constant(token.at, token.value)

    def _variable(self, token: Token) -> int:
        slot = self._scope.find(token.text)
        if slot is None:
            raise self._fault(token, f'undefined variable "{token.text}"')
        return slot

    # Tokens.

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._tokens[self._next]
        self._next += token.kind is not Kind.END
        return token

    def _peek_word(self) -> Token:
        self._skip_blanks()
        return self._peek()

    def _take_word(self) -> Token:
        self._skip_blanks()
        return self._take()

    def _skip_blanks(self) -> None:
        while self._tokens[self._next].kind is Kind.SPACE:
            self._next += 1

    def _close(self, word: Token) -> None:
        token = self._take_word()
        if token.kind is not Kind.CLOSE:
            raise self._fault(token, f"unexpected {token} after {word.text}")

    @contextmanager
    def _inner_scope(self) -> Iterator[None]:
        count = len(self._scope.names)
        yield
        del self._scope.names[count:]

    @contextmanager
    def _deeper(self, token: Token) -> Iterator[None]:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise self._fault(token, f"actions are nested more than {DEPTH_MAX} deep")
        yield
        self._depth -= 1

    def _fault(self, token: Token, message: str) -> TemplateFault:
        return self._source.fault(token.at, message)


@dataclass(frozen=True, slots=True)
class Name:
    """A function's name, before it is known whether arguments follow."""

    at: int
    text: str


_OPERANDS: Final = frozenset(
    {
        Kind.NAME,
        Kind.FIELD,
        Kind.VARIABLE,
        Kind.DOT,
        Kind.CONSTANT,
        Kind.NIL,
        Kind.LEFT,
    }
)
