/** A box over the page, on the browser's own dialog: it keeps the focus and gives it back. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

export function Dialog({ label, onClose, children, kind = "" }: {
  label: string; onClose: () => void; children: ComponentChildren; kind?: string;
}) {
  const own = useRef<HTMLDialogElement>(null);
  // Before the next key comes, or the first letter of a fast hand would be lost.
  useLayoutEffect(() => {
    own.current?.showModal();
  }, []);
  return (
    <dialog
      ref={own} aria-label={label} class={`dialog ${kind}`} onClose={onClose}
      onClick={(event) => { if (event.target === own.current) onClose(); }}
    >
      {children}
    </dialog>
  );
}
