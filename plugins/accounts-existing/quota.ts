const factors: Readonly<Record<string, number>> = {
  b: 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
}

// Courier's Maildir quota: octets with S, messages with C.
const courier = /^(\d{1,18})S(?:,|$)/i
// Dovecot's quota_rule: storage counts in kilobytes, bytes in octets, where no unit says otherwise.
const dovecotRule = /^\*:(?:[^:]*:)*?(storage|bytes)=(\d{1,18})([bkmgt]?)/i
const amount = /^(\d{1,18})(?:\.0*)?([bkmgt]?)$/i

/**
 * Octets out of a quota column: a number of `unit` octets, `512M`, Courier's `10000000S,1000C`, or Dovecot's
 * `*:storage=1G`. Undefined, for no limit, where it is 0, negative or nothing of these.
 */
export function readQuota(text: string | undefined, unit: number): number | undefined {
  const octets = text === undefined ? undefined : octetsOf(text.trim(), unit)
  return octets === undefined || octets <= 0 || !Number.isSafeInteger(octets) ? undefined : octets
}

function octetsOf(text: string, unit: number): number | undefined {
  const first = courier.exec(text.split(',').find((part) => courier.test(part)) ?? '')
  if (first !== null) return Number(first[1])
  const rule = dovecotRule.exec(text)
  if (rule !== null)
    return Number(rule[2]) * factorOf(rule[3], rule[1]?.toLowerCase() === 'storage' ? 1024 : 1)
  const plain = amount.exec(text)
  return plain === null ? undefined : Number(plain[1]) * factorOf(plain[2], unit)
}

function factorOf(letter: string | undefined, fallback: number): number {
  return factors[(letter ?? '').toLowerCase()] ?? fallback
}
