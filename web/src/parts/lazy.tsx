/** A component that is loaded when it is first drawn. */
import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { Failed, Loading } from "./states";

export function lazy<Props extends object = object>(load: () => Promise<{ default: ComponentType<Props> }>): ComponentType<Props> {
  return function Lazy(props: Props) {
    const found = useSignal<{ view: ComponentType<Props> } | undefined>(undefined);
    const fault = useSignal<Error | undefined>(undefined);
    useEffect(() => {
      load().then(
        (module) => { found.value = { view: module.default }; },
        (reason: Error) => { fault.value = reason; },
      );
    }, []);
    if (fault.value) return <Failed fault={fault.value} />;
    const View = found.value?.view;
    return View ? <View {...props} /> : <Loading what="Opening" />;
  };
}

