/** What to look at when a target cannot be read, by the words of the fault. */

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/refused/i, "Nothing listens at this address: is the process up, and is it the right port?"],
  [/timed? ?out|deadline/i, "It answers later than scrape_timeout: is it busy, or too far away?"],
  [/40[13]/, "It wants other credentials: see authorization or basic_auth of the job."],
  [/404/, "It has no such page: see metrics_path of the job."],
  [/resolve|name or service|getaddrinfo/i, "The name is not known here: is it spelled so, and does this machine's resolver know it?"],
  [/certificate|tls|ssl/i, "Its certificate is not trusted: see tls_config of the job."],
  [/parse|invalid|unexpected/i, "It answers with something that is no exposition: open the address and look."],
  [/limit/i, "It has more than the job allows: see sample_limit and the other limits."],
];

export function adviceFor(fault: string): string {
  return ADVICE.find(([pattern]) => pattern.test(fault))?.[1] ?? "The words are those of the connection or of the target.";
}
