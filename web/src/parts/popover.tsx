/** A button with something that opens below it; Escape and a click elsewhere close it. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

export function Popover({ label, title, children, name, align = "left" }: {
  label: ComponentChildren; title: string; name?: string; align?: "left" | "right";
  children: (close: () => void) => ComponentChildren;
}) {
  const open = useSignal(false);
  const place = useRef<HTMLDivElement>(null);
  const close = (): void => {
    if (open.peek()) place.current?.querySelector("button")?.focus();
    open.value = false;
  };
  useEffect(() => {
    if (!open.value) return undefined;
    const outside = (event: Event): void => {
      if (!place.current?.contains(event.target as Node)) open.value = false;
    };
    const escape = (event: KeyboardEvent): void => {
      if (event.key === "Escape") close();
    };
    addEventListener("pointerdown", outside);
    addEventListener("keydown", escape);
    return () => {
      removeEventListener("pointerdown", outside);
      removeEventListener("keydown", escape);
    };
  }, [open.value]);
  return (
    <div class="popover" ref={place}>
      <button
        type="button" class="tool" title={title} aria-haspopup="dialog" aria-expanded={open.value} data-popover={name}
        onClick={() => { open.value = !open.value; }}
      >
        {label}
      </button>
      {open.value && <div class={`popover-box ${align}`} role="dialog" aria-label={title}>{children(close)}</div>}
    </div>
  );
}
