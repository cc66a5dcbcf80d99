/** Milliseconds that a host's answer may take, to the end of a message (RFC 5321 §4.5.3.2.6). What takes longer does not get on. */
export const longestAnswer: number = 600_000
