/**
 * Why the signals of sessions and transactions abort. One for all, for to make one costs as much as running a hook, and each
 * message has three of them that end.
 */
export const ended: DOMException = new DOMException('The session or transaction is over', 'AbortError')
