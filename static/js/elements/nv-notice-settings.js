// The two choices below the notifications: see notice-settings.

import { text } from "novate/dom";
import { canUseDesktop, noticeSettings } from "novate/notice-settings";

class NoticeSettings extends HTMLElement {
  connectedCallback() {
    this.#confirmations.checked = noticeSettings.showsConfirmations;
    this.#confirmations.onchange = () => { noticeSettings.showsConfirmations = this.#confirmations.checked; };
    this.#desktop.checked = noticeSettings.usesDesktop;
    this.#desktop.onchange = () => this.#choose();
  }

  get #confirmations() { return this.querySelector("[name=confirmations]"); }
  get #desktop() { return this.querySelector("[name=desktop]"); }

  async #choose() {
    const isAllowed = !this.#desktop.checked || (canUseDesktop() && (await Notification.requestPermission()) === "granted");
    noticeSettings.usesDesktop = this.#desktop.checked && isAllowed;
    this.#desktop.checked = noticeSettings.usesDesktop;
    text(this.querySelector("[role=status]"), isAllowed ? "" : "This browser does not allow it. Permit notifications for this site in the browser's own settings, then choose again.");
  }
}

customElements.define("nv-notice-settings", NoticeSettings);
