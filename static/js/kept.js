// What this browser keeps for its reader: choices, never data. Where storage is refused or full, a
// choice holds until the page is left.

const here = new Map();

export function recall(key) {
  try {
    return localStorage.getItem(key) ?? here.get(key) ?? null;
  } catch {
    return here.get(key) ?? null;
  }
}

// Keeps a value; null forgets it.
export function keep(key, value) {
  if (value === null) here.delete(key);
  else here.set(key, String(value));
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // The page goes on with what it holds itself.
  }
}

// A select that opens with what was chosen last. Calls listener with the value at once and at each choice.
export function rememberChoice(select, key, listener) {
  const saved = recall(key);
  if ([...select.options].some((option) => option.value === saved)) select.value = saved;
  select.onchange = () => {
    keep(key, select.value);
    listener(select.value);
  };
  listener(select.value);
}
