/** Renders a component only when its properties change. Preact has this in its compatibility layer, which weighs more. */
import { Component, type FunctionComponent, h } from 'preact';

export function memo<Props extends object>(render: FunctionComponent<Props>) {
  return class Memo extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      return Object.entries(next).some(([name, value]) => value !== this.props[name as keyof Props]);
    }

    render() {
      return h(render, this.props as Props & { readonly key?: string });
    }
  };
}
