/* A form that was opened while the panel said that nobody is known by a typed name: whom it is filled in for is that name's
   record, unless the operator says that this is somebody else. */
import { button } from "./elements";
import type { Entry } from "./shelf";

export class TypedFor {
  private entry: Entry | undefined;

  constructor(private readonly line: HTMLElement) {}

  /** The record with the name; undefined where the form is for somebody else. */
  get now(): Entry | undefined {
    return this.entry;
  }

  begin(entry: Entry | undefined): void {
    this.entry = entry;
    const name = entry?.op.payload.name ?? "";
    const other = button("button", "別の人です", () => this.begin(undefined));
    this.line.replaceChildren(...(entry ? [`「${name}」と入力した方の記録にします。`, other] : []));
  }
}
