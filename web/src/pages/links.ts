/** Links that come from outside. */

/** Only an address of the web becomes a link; anything else an annotation holds does not. */
export function webLink(text: string | undefined): string | undefined {
  return text && /^https?:\/\//i.test(text) ? text : undefined;
}
