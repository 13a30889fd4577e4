/** A component that is loaded when it is first drawn. */
import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { Failed, Loading } from "./states";

export function lazy(load: () => Promise<{ default: ComponentType }>): ComponentType {
  return function Lazy() {
    const found = useSignal<{ view: ComponentType } | undefined>(undefined);
    const fault = useSignal<Error | undefined>(undefined);
    useEffect(() => {
      load().then(
        (module) => { found.value = { view: module.default }; },
        (reason: Error) => { fault.value = reason; },
      );
    }, []);
    if (fault.value) return <Failed fault={fault.value} />;
    const View = found.value?.view;
    return View ? <View /> : <Loading what="Opening" />;
  };
}

