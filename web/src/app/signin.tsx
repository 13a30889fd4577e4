/** Asks for the server's token; it stays in this tab and goes nowhere else. */
import { useSignal } from "@preact/signals";
import { hasToken, send, signIn, signOut } from "../data/client";
import { refresh } from "../state/time";

export function SignIn() {
  const token = useSignal("");
  const fault = useSignal(hasToken() ? "The token is not the server's." : "");
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    signIn(token.value.trim());
    const response = await send("api/v1/status/buildinfo").catch(() => undefined);
    if (response?.ok) refresh();
    else {
      signOut();
      fault.value = response?.status === 401 ? "The token is not the server's." : "The server does not answer.";
    }
  };
  return (
    <main class="signin">
      <form onSubmit={(event) => void submit(event)}>
        <h1>Tapewatch</h1>
        <p class="muted">This server wants its token. It is the one in <code>server.auth_token</code>.</p>
        <label>
          Token
          <input
            type="password" autocomplete="current-password" autofocus value={token.value}
            onInput={(event) => { token.value = event.currentTarget.value; }}
          />
        </label>
        {fault.value && <p class="field-fault" role="alert">{fault.value}</p>}
        <button type="submit" class="primary" disabled={!token.value.trim()}>Sign in</button>
        <p class="muted small">It is kept until this tab is closed, and is sent to this server alone.</p>
      </form>
    </main>
  );
}
