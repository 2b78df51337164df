import { useHotkey } from "@web/core/hotkeys/hotkey_hook";

/**
 * Return a renderer of cards whose buttons and links can be pressed with the keyboard.
 *
 * Odoo's takes Enter and the space bar for the card, also when one of its buttons has
 * the focus.
 */
export function keyboardRenderer(Renderer) {
    return class extends Renderer {
        setup() {
            super.setup();
            const pressable = () => {
                const focused = document.activeElement;
                const isOurs = this.rootRef.el?.contains(focused);
                return isOurs && focused.matches("button, a, summary") ? focused : null;
            };
            const options = { area: pressable, isAvailable: () => Boolean(pressable()) };
            for (const key of ["Enter", "space"]) {
                useHotkey(key, ({ target }) => target.click(), options);
            }
        }
    };
}
