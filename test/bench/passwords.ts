// What verifying costs by scheme, and what 500 logins at once do to the process.
//
//   node --conditions=mailwright-source test/bench/passwords.ts [rounds]
//
// The first table shows the right secret and a wrong one through the public function, one after the other: a wrong one
// takes today's hash on top, so that nobody tells from the time who has which. The second lets 500 come together: as
// many as there is room for are answered, the others are told to try later; the event loop and the memory must not mind.
import { pbkdf2Sync } from 'node:crypto'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import process from 'node:process'
import { hash as bcryptHash } from '@node-rs/bcrypt'
import { crypt } from '../../core/passwords/crypt-task.ts'
import { hashPassword, verifyPassword } from '../../core/passwords/index.ts'

const rounds = Number(process.argv[2] ?? 20)
const secret = 'correct horse battery staple'
const octets = Buffer.from(secret)

const salt = 'abcdefgh'
const sha = (kind: 'sha256' | 'sha512', count: number) =>
  `$${kind === 'sha256' ? 5 : 6}$rounds=${count}$${salt}$${crypt(octets, { kind, rounds: count, salt })}`
const pbkdf2 = (count: number) => {
  const output = pbkdf2Sync(octets, salt, count, 32, 'sha256').toString('base64')
  return `pbkdf2_sha256$${count}$${salt}$${output}`
}

const cases: readonly (readonly [name: string, stored: string])[] = [
  ['argon2id of today', await hashPassword(secret)],
  ['PLAIN', `{PLAIN}${secret}`],
  ['MD5-CRYPT', `$1$${salt}$${crypt(octets, { kind: 'md5', mark: '$1$', salt })}`],
  ['SHA256-CRYPT, 5,000 rounds', sha('sha256', 5000)],
  ['SHA512-CRYPT, 5,000 rounds', sha('sha512', 5000)],
  ['SHA512-CRYPT, 1,000,000 rounds', sha('sha512', 1_000_000)],
  ['bcrypt, cost 5', await bcryptHash(secret, 5)],
  ['bcrypt, cost 10', await bcryptHash(secret, 10)],
  ['bcrypt, cost 12', await bcryptHash(secret, 12)],
  ['PBKDF2-SHA256, 5,000 rounds', pbkdf2(5000)],
  ['PBKDF2-SHA256, 1,000,000 rounds', pbkdf2(1_000_000)],
]

console.log('scheme                              right ms    wrong ms')
for (const [name, stored] of cases) {
  const right = await milliseconds(secret, stored)
  const wrong = await milliseconds(`${secret}x`, stored)
  console.log(`${name.padEnd(34)}${right.toFixed(1).padStart(10)}${wrong.toFixed(1).padStart(12)}`)
}

console.log(
  '\n500 at once                       answered   later   seconds   loop delay ms (p99, max)   RSS MiB (before, peak)',
)
for (const [name, stored] of cases.filter(([name]) => !/1,000,000|cost 12/.test(name))) {
  await storm(`${name}, right`, secret, stored)
  await storm(`${name}, wrong`, `${secret}x`, stored)
}

/** The average of some rounds; fewer for what takes long. The first, which may have to start a thread, does not count. */
async function milliseconds(given: string, stored: string): Promise<number> {
  const start = performance.now()
  await verifyPassword(given, stored)
  const slow = performance.now() - start > 300
  const from = performance.now()
  const count = slow ? 2 : rounds
  for (let round = 0; round < count; round += 1) await verifyPassword(given, stored)
  return (performance.now() - from) / count
}

async function storm(name: string, given: string, stored: string): Promise<void> {
  const before = process.memoryUsage.rss()
  let peak = before
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 5)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const start = performance.now()
  const answers = await Promise.allSettled(Array.from({ length: 500 }, () => verifyPassword(given, stored)))
  const seconds = (performance.now() - start) / 1000
  delay.disable()
  clearInterval(watch)
  const answered = answers.filter((answer) => answer.status === 'fulfilled').length
  const loop = [delay.percentile(99), delay.max].map((each) => (each / 1e6).toFixed(1).padStart(8))
  const memory = [before, peak].map((each) => (each / 2 ** 20).toFixed(0).padStart(8))
  console.log(
    [
      name.padEnd(34),
      String(answered).padStart(8),
      String(500 - answered).padStart(8),
      seconds.toFixed(2).padStart(10),
      ...loop,
      ...memory,
    ].join(''),
  )
}
