"""
PromQL: from text to tree to numbers, with the meaning of Prometheus 3.x to the letter.

The text half is ``lex`` (tokens), ``parse`` (tree), ``check`` (types) and ``print`` (text again);
``script`` is the language of tests, which users run on their own rules too. The evaluator reads
``nodes`` and answers with ``result``. Nothing here stores samples. Read ``nodes.py`` first.
"""
