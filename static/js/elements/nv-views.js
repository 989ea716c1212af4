// Tabs between views of one thing, such as the price and the depth of a market.

import { tabList } from "novate/tab-list";

class Views extends HTMLElement {
  #tabs = null;

  connectedCallback() {
    this.#tabs = tabList(this);
  }

  disconnectedCallback() {
    this.#tabs.stop();
  }
}

customElements.define("nv-views", Views);
