/** Asks the server: with the token, below whatever prefix, and in its words when it refuses. */
import { signal } from "@preact/signals";
import { BASE } from "../state/address";

export interface Answered<T> {
  readonly data: T;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

/** A question that was not answered. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

const TOKEN = "tapewatch.token";

/** Whether the server wants a token that we do not have. */
export const signedOut = signal(false);
/** When the server last answered; zero before the first time. */
export const heardAt = signal(0);
/** Why the server cannot be reached, or nothing. */
export const unreachable = signal("");

export function signIn(token: string): void {
  sessionStorage.setItem(TOKEN, token);
  signedOut.value = false;
}

export function signOut(): void {
  sessionStorage.removeItem(TOKEN);
  signedOut.value = true;
}

export function hasToken(): boolean {
  return sessionStorage.getItem(TOKEN) !== null;
}

export type Pairs = Iterable<readonly [string, string]>;

/** Send a request and return whatever comes; only not reaching the server is an error. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const token = sessionStorage.getItem(TOKEN);
  if (token) headers.set("authorization", `Bearer ${token}`);
  let response: Response;
  try {
    response = await fetch(new URL(path.replace(/^\//, ""), BASE), { ...init, headers });
  } catch (fault) {
    if (!isAbort(fault)) unreachable.value = "The server does not answer.";
    throw isAbort(fault) ? fault : new ApiError(0, "unreachable", "The server does not answer.");
  }
  unreachable.value = "";
  heardAt.value = Date.now();
  if (response.status === 401) signedOut.value = true;
  return response;
}

/** Ask one of the APIs and return what is in its envelope. */
export async function ask<T>(path: string, pairs: Pairs = [], signal?: AbortSignal): Promise<Answered<T>> {
  const body = new URLSearchParams([...pairs].map(([name, value]) => [name, value]));
  const long = body.toString().length > 1_500;
  const target = long || !body.size ? path : `${path}?${body}`;
  const init: RequestInit = { ...(signal ? { signal } : {}), ...(long ? { method: "POST", body } : {}) };
  const response = await send(target, init);
  return unwrap<T>(response, await response.text());
}

interface Envelope<T> {
  readonly status?: string;
  readonly data?: T;
  readonly error?: string | { readonly message: string; readonly code: string };
  readonly errorType?: string;
  /** Where Alertmanager's shape has the words. */
  readonly message?: string;
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

export function unwrap<T>(response: Response, text: string): Answered<T> {
  const told = parse<T>(text);
  if (response.ok && told?.status === "success") {
    return { data: told.data as T, warnings: told.warnings ?? [], infos: told.infos ?? [] };
  }
  throw refusal(response.status, told);
}

function parse<T>(text: string): Envelope<T> | undefined {
  try {
    return JSON.parse(text) as Envelope<T>;
  } catch {
    return undefined;
  }
}

/** Ask an endpoint that answers without an envelope, as Alertmanager's do; a body is sent as JSON. */
export async function plain<T>(path: string, { body, ...init }: Omit<RequestInit, "body"> & { body?: unknown } = {}): Promise<T> {
  const sent = body === undefined ? init : { ...init, body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await send(path, sent as RequestInit);
  const text = await response.text();
  if (!response.ok) throw refusal(response.status, parse(text));
  return (text ? JSON.parse(text) : undefined) as T;
}

function refusal(status: number, told: Envelope<unknown> | string | undefined): ApiError {
  if (typeof told === "string") return new ApiError(status, "error", told);
  const error = told?.error ?? told?.message;
  if (typeof error === "object") return new ApiError(status, error.code, error.message);
  return new ApiError(status, told?.errorType ?? "error", error ?? `The server answered with status ${status}.`);
}

export function isAbort(fault: unknown): boolean {
  return fault instanceof DOMException && fault.name === "AbortError";
}

/** Read a body as lines of JSON, as they come. */
export async function* lines(response: Response): AsyncGenerator<unknown> {
  if (!response.ok || !response.body) throw unwrapFailed(response, await response.text());
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const parts = (rest + value).split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) if (part) yield JSON.parse(part);
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

function unwrapFailed(response: Response, text: string): ApiError {
  return refusal(response.status, parse(text));
}
