import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { dropHeadSize, parseDropEnvelope, parseDropHead } from '../../formats/drop-file.ts'
import { liveMemory } from '../../testing/live-memory.ts'
import { runSendmail } from './command.ts'

let folder: string
let drop: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-sendmail-'))
  drop = join(folder, 'drop')
  await mkdir(drop)
})

afterEach(() => rm(folder, { recursive: true, force: true }))

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

interface Surroundings {
  readonly environment?: Record<string, string>
  readonly mailwright?: readonly string[]
  readonly name?: string
}

/** Runs the command with some input, which may be pieces, or fail. */
async function run(
  words: readonly string[],
  input: string | AsyncIterable<Buffer> = 'Subject: x\n\nhello\n',
  { environment = { MAILWRIGHT_DROP: drop }, mailwright = ['false'], name = 'sendmail' }: Surroundings = {},
): Promise<Ran> {
  let out = ''
  let err = ''
  const code = await runSendmail(name, words, {
    stdin: typeof input === 'string' ? once(input) : input,
    stdout: (text) => {
      out += text
    },
    stderr: (text) => {
      err += text
    },
    environment,
    mailwright,
    pointerFile: join(folder, 'pointer'),
  })
  return { code, out, err }
}

async function* once(text: string): AsyncGenerator<Buffer> {
  if (text !== '') yield Buffer.from(text)
}

/** What the folder holds: envelopes and texts, in any order, for the names of one millisecond have none. */
async function dropped(): Promise<readonly { readonly envelope: unknown; readonly text: string }[]> {
  const names = await readdir(drop)
  expect(names.filter((name) => !name.startsWith('m'))).toEqual([])
  return Promise.all(
    names.map(async (name) => {
      const octets = await readFile(join(drop, name))
      const lengths = parseDropHead(octets.subarray(0, dropHeadSize))
      const start = dropHeadSize + (lengths?.envelope ?? 0)
      expect(octets.length).toBe(start + (lengths?.content ?? -1))
      return {
        envelope: parseDropEnvelope(octets.subarray(dropHeadSize, start)),
        text: octets.toString('latin1', start),
      }
    }),
  )
}

describe('a message', () => {
  test('is written down as it is said, and readable for the server whatever the umask says', async () => {
    const before = process.umask(0o077)
    const words = [
      '-oi',
      '-f',
      'jo@x.example',
      '-F',
      'Jo',
      '-N',
      'never',
      '-R',
      'hdrs',
      '-V',
      'id',
      '--',
      'anna',
      'b@c.d,e@f.g',
    ]
    try {
      expect(await run(words, 'Subject: x\n\n.\nhello\n')).toEqual({ code: 0, out: '', err: '' })
    } finally {
      process.umask(before)
    }
    expect(await dropped()).toEqual([
      {
        envelope: {
          sender: 'jo@x.example',
          recipients: ['anna', 'b@c.d', 'e@f.g'],
          fullName: 'Jo',
          notify: ['NEVER'],
          ret: 'HDRS',
          envelopeId: 'id',
        },
        text: 'Subject: x\n\n.\nhello\n',
      },
    ])
  })

  test('is the user’s own where nobody else is named', async () => {
    await run(['a@b.c'], '', { environment: { MAILWRIGHT_DROP: drop, NAME: 'A Name' } })
    expect(await dropped()).toEqual([
      { envelope: { sender: userInfo().username, recipients: ['a@b.c'], fullName: 'A Name' }, text: '' },
    ])
  })

  test('names its recipients itself', async () => {
    expect((await run(['-t', 'd@e.f'], 'To: a@b.c\nBcc: x@y.z\n\nhello\n.\nrest\n')).code).toBe(0)
    expect(await dropped()).toMatchObject([
      { envelope: { recipients: ['d@e.f', 'a@b.c', 'x@y.z'] }, text: 'To: a@b.c\nBcc: x@y.z\n\nhello\n' },
    ])
  })

  test.each([['a@b.c'], ['-t']])('with a NUL in it is none: %s', async (...words) => {
    const { code, err } = await run(words, 'To: a@b.c\n\na\0b\n')
    expect(code).toBe(65)
    expect(err).toContain('NUL')
    expect(await readdir(drop)).toEqual([])
  })

  test.each([
    ['8-bit, long lines', `X: \xff\n\n\xe4${'x'.repeat(5_000)}`],
    ['CRLF', 'X: y\r\n\r\nz\r\n'],
  ])('stays octet for octet: %s', async (_, text) => {
    async function* octets(): AsyncGenerator<Buffer> {
      yield Buffer.from(text, 'latin1')
    }
    expect((await run(['a@b.c'], octets())).code).toBe(0)
    expect(await dropped()).toMatchObject([{ text }])
  })

  test('that is huge is not kept in memory', async () => {
    const before = liveMemory()
    let kept = Number.NaN
    async function* huge(): AsyncGenerator<Buffer> {
      for (let count = 0; count < 1_000; count += 1) yield Buffer.alloc(65_536, 'x\n')
      kept = liveMemory() - before
    }
    expect((await run(['a@b.c'], huge())).code).toBe(0)
    expect(kept).toBeLessThan(10 * 2 ** 20)
    const [name = ''] = await readdir(drop)
    const octets = await readFile(join(drop, name))
    expect(parseDropHead(octets.subarray(0, dropHeadSize))?.content).toBe(65_536_000)
  })
})

describe('what is not queued leaves no file', () => {
  test.each<[string, readonly string[], number, string]>([
    ['no recipient', [], 67, 'sendmail: there is no recipient on the command line\n'],
    [
      'none in the header',
      ['-t'],
      67,
      'sendmail: there is no recipient on the command line or in To, Cc and Bcc\n',
    ],
    ['no address', ['x@@y'], 65, 'sendmail: "x@@y" is no address\n'],
    ['no sender', ['-f', 'a b@@', 'a@b.c'], 65, 'sendmail: the sender "a b@@" is no address\n'],
    ['wrong words', ['-Z'], 64, 'sendmail: unknown option -Z (--help tells what is)\n'],
    [
      'a relative folder',
      ['--drop', 'here', 'a@b.c'],
      64,
      'sendmail: --drop does not name an absolute path\n',
    ],
    ['controls', ['\x1b[2J@@'], 65, 'sendmail: "?[2J@" is no address\n'],
  ])('%s', async (_, words, code, err) => {
    expect(await run(words)).toEqual({ code, out: '', err })
    expect(await readdir(drop)).toEqual([])
  })

  test('input that breaks off with an error', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield Buffer.from('Subject: x\n\nhalf')
      throw new Error('EIO')
    }
    expect(await run(['a@b.c'], broken())).toMatchObject({ code: 74 })
    expect(await run(['-t', 'a@b.c'], broken())).toMatchObject({ code: 74 })
    expect(await readdir(drop)).toEqual([])
  })

  test('no folder, or no right to it', async () => {
    expect(await run(['--drop', '/nowhere/at/all', 'a@b.c'])).toEqual({
      code: 69,
      out: '',
      err: 'sendmail: the drop folder /nowhere/at/all does not exist\n',
    })
    expect((await run(['--drop', '/proc/self', 'a@b.c'])).code).not.toBe(0)
  })
})

describe('where the folder is', () => {
  const environment = {}

  test('the command line comes first, then the environment, then the pointer', async () => {
    const [other, third] = [join(folder, 'other'), join(folder, 'third')]
    await mkdir(other)
    await mkdir(third)
    await writeFile(join(folder, 'pointer'), `${third}\n`)
    await run(['--drop', other, 'a@b.c'])
    expect(await readdir(other)).toHaveLength(1)
    await run(['a@b.c'])
    expect(await readdir(drop)).toHaveLength(1)
    await run(['a@b.c'], '', { environment })
    expect(await readdir(third)).toHaveLength(1)
  })

  test('the config comes last, or first where it is named', async () => {
    const mailwright = ['sh', '-c', `[ "$*" = "$expected" ] && echo ${drop}`, 'sh']
    process.env.expected = 'pickup folder'
    expect(await run(['a@b.c'], '', { environment, mailwright })).toMatchObject({ code: 0 })
    process.env.expected = '--config /c.ts pickup folder'
    expect(await run(['-C', '/c.ts', 'a@b.c'], '', { mailwright })).toMatchObject({ code: 0 })
    delete process.env.expected
    expect(await readdir(drop)).toHaveLength(2)
  })

  test('nobody knows', async () => {
    const mailwright = ['sh', '-c', 'echo no config >&2; exit 2']
    const { code, err } = await run(['a@b.c'], '', { environment, mailwright })
    expect(code).toBe(69)
    expect(err).toMatch(/^sendmail: name the drop folder with --drop, .*: no config\n$/)
  })
})

describe('other modes', () => {
  test.each([['-bi'], ['-q30m'], ['-I']])('%s does nothing', async (word) => {
    expect(await run([word])).toEqual({ code: 0, out: '', err: '' })
    expect(await run([], '', { name: 'newaliases' })).toMatchObject({ code: 0 })
    expect(await readdir(drop)).toEqual([])
  })

  test('the queue is another command’s', async () => {
    const mailwright = ['sh', '-c', `echo "$*" >> ${join(folder, 'said')}`, 'sh']
    expect(await run(['-bp'], '', { mailwright })).toMatchObject({ code: 0 })
    expect(await run([], '', { mailwright, name: 'mailq' })).toMatchObject({ code: 0 })
    expect(await run(['-q'], '', { mailwright })).toMatchObject({ code: 0 })
    expect(await run(['-qIabc', '-C', '/c.ts'], '', { mailwright })).toMatchObject({ code: 0 })
    expect(await run(['-bp'])).toMatchObject({ code: 69 })
    expect(await readFile(join(folder, 'said'), 'utf8')).toBe(
      'queue list\nqueue list\nqueue flush\n--config /c.ts queue flush -- abc\n',
    )
  })

  test('help, and warnings', async () => {
    expect((await run(['--help'])).out).toContain('-oi')
    expect(await run(['-N', 'x', 'a@b.c'])).toMatchObject({
      code: 0,
      err: expect.stringContaining('left out'),
    })
  })
})

describe('SMTP on standard input and output', () => {
  const talk = (...lines: string[]) => run(['-bs'], lines.map((line) => `${line}\r\n`).join(''))

  test('takes messages', async () => {
    const { code, out } = await talk(
      'EHLO me',
      'mail from:<jo@x.example> BODY=8BITMIME SIZE=12 AUTH=<>',
      'RCPT TO:<a@b.c>',
      'RCPT TO:<root>',
      'DATA',
      'Subject: x',
      '',
      '..dot',
      '.x',
      '.',
      'MAIL FROM:<>',
      'RCPT TO:<postmaster>',
      'DATA',
      '.',
      'QUIT',
      'NOOP',
    )
    expect(code).toBe(0)
    expect(
      out
        .replaceAll('\r\n', '\n')
        .split('\n')
        .map((line) => line.slice(0, 3)),
    ).toEqual([
      '220',
      '250',
      '250',
      '250',
      '250',
      '250',
      '250',
      '250',
      '250',
      '354',
      '250',
      '250',
      '250',
      '354',
      '250',
      '221',
      '',
    ])
    const [empty, whole] = (await dropped()).toSorted((one, other) => one.text.length - other.text.length)
    expect(empty).toEqual({ envelope: { sender: '', recipients: ['postmaster'] }, text: '' })
    expect(whole).toEqual({
      envelope: { sender: 'jo@x.example', recipients: ['a@b.c', 'root'], body: '8BITMIME' },
      text: 'Subject: x\r\n\r\n.dot\r\nx\r\n',
    })
    expect(await readdir(drop)).toHaveLength(2)
  })

  test.each([
    ['RCPT TO:<a@b.c>', '503'],
    ['MAIL FROM:jo', '250'],
    ['MAIL FROM:jo BODY=8BITMIME', '250'],
    ['MAIL FROM:jo,me', '501'],
    ['MAIL FROM:jo@', '501'],
    ['MAIL FROM:', '501'],
    ['MAIL FROM:<a@b.c> AUTH=me+40b.c', '250'],
    ['MAIL FROM:jo@b.c BODY=8BITMIME', '250'],
    ['MAIL FROM:jo@b.c,a@b.c', '501'],
    ['MAIL FROM:<a@b.c> RET=FULL', '555'],
    ['MAIL FROM:<a b>', '501'],
    ['DATA', '503'],
    ['VRFY x', '252'],
    ['XYZ', '502'],
    ['', '502'],
    ['RSET', '250'],
    ['HELO x', '250'],
    ['x'.repeat(5_000), '500'],
    [`NOOP ${'x'.repeat(200_000)}`, '500'],
  ])('%s: %s', async (line, code) => {
    const { out } = await talk(line, 'QUIT')
    const replies = out.split('\r\n')
    expect(replies.map((reply) => reply.slice(0, 3))).toEqual(['220', code, '221', ''])
  })

  test('bare names are completed later', async () => {
    await talk('MAIL FROM:root', 'RCPT TO:me', 'RCPT TO: you', 'DATA', '.', 'QUIT')
    expect(await dropped()).toMatchObject([{ envelope: { sender: 'root', recipients: ['me', 'you'] } }])
  })

  test('what holds a NUL is not queued', async () => {
    const { out } = await talk('MAIL FROM:<a@b.c>', 'RCPT TO:<d@e.f>', 'DATA', 'a\0b', '.', 'QUIT')
    expect(out).toContain('\r\n554 5.6.0 the message has a NUL octet in it\r\n')
    expect(await readdir(drop)).toEqual([])
  })

  test('what ends in the middle is not queued', async () => {
    expect((await talk('MAIL FROM:<a@b.c>', 'RCPT TO:<d@e.f>', 'DATA', 'half')).code).toBe(0)
    expect(await readdir(drop)).toEqual([])
  })

  test('what cannot be kept is refused, and its text is no command', async () => {
    const lines = ['MAIL FROM:<a@b.c>', 'RCPT TO:<d@e.f>', 'DATA', 'QUIT', '.', 'NOOP'].map(
      (line) => `${line}\n`,
    )
    const { out } = await run(['-bs', '--drop', '/nowhere/at/all'], lines.join(''))
    expect(out.split('\r\n').map((reply) => reply.slice(0, 3))).toEqual([
      '220',
      '250',
      '250',
      '354',
      '451',
      '250',
      '',
    ])
  })
})
