/** Whether a name is among those that are taken: all where nothing is said; `org.example.*` stands for what begins so. */
export const isTaken = (only: readonly string[] | undefined, name: string): boolean =>
  only === undefined || only.some((one) => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : one === name));
