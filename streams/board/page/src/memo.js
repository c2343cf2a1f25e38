// A component that is painted anew only when something that it was given has changed.

import { Component, h } from "preact";

export function memo(paint) {
  class Memo extends Component {
    shouldComponentUpdate(next) {
      for (const name in next) if (next[name] !== this.props[name]) return true;
      for (const name in this.props) if (!(name in next)) return true;
      return false;
    }
    render(props) {
      return h(paint, props);
    }
  }
  return Memo;
}
