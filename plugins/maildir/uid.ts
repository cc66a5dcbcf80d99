/** RFC 9051 §2.3.1.1: a UID has 32 bits. */
export const highestUid = 4_294_967_295
