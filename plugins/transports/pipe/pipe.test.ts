import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type Batch, type BatchItem, bufferContent, createLog, createMessage, systemClock } from 'mailwright'
import { addressOf, fakeClock } from 'mailwright/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseOptions } from '../options.ts'
import type { PipeInput } from '../pipe-options.ts'
import { expandWords, macroValues } from './arguments.ts'
import { PipeDelivery } from './pipe-delivery.ts'
import { programInput } from './program-input.ts'

async function item(
  to: string,
  from: string | null = 'a@else.example',
  text = 'Subject: x\r\n\r\nbody\r\n',
): Promise<BatchItem> {
  return {
    recipient: addressOf('asked@here.example'),
    parameters: {},
    reversePath: from === null ? null : addressOf(from),
    route: { kind: 'handler', handler: 'transports/test:', address: addressOf(to) },
    message: await createMessage(bufferContent(Buffer.from(text, 'latin1'))),
    filings: [],
  }
}

const batch = (items: readonly BatchItem[], atomic = true): Batch => ({
  id: 'q1',
  parameters: {},
  kind: 'handler',
  items,
  atomic,
  signal: new AbortController().signal,
})

const values = (one: BatchItem, flags = '') =>
  macroValues(one, {
    flags: new Set(flags),
    nullSender: 'MAILER-DAEMON',
    detailSeparator: '+',
    nextHop: undefined,
    queueId: 'q1',
  })

describe('arguments', () => {
  test('each word stays one, whatever is put in', async () => {
    const words = [
      `\${user}`,
      '$(extension)',
      '<$mailbox>',
      '$domain',
      '-f',
      '$sender',
      '$$x',
      '$queue_id:$size',
      '$nexthop',
    ]
    expect(expandWords(words, values(await item('"Jo; rm -rf /"@here.example', null)))).toEqual([
      'Jo; rm -rf /',
      '',
      '<Jo; rm -rf />',
      'here.example',
      '-f',
      'MAILER-DAEMON',
      '$x',
      'q1:20',
      'here.example',
    ])
    const detailed = values(await item('Jo+Lists@here.example'))
    expect(expandWords(['$user', '$extension', '$recipient', '$original_recipient'], detailed)).toEqual([
      'Jo',
      'Lists',
      'Jo+Lists@here.example',
      'asked@here.example',
    ])
  })

  test('what is put in never becomes an option, nor a macro', async () => {
    expect(expandWords(['$user'], values(await item('-oQ/tmp@here.example')))).toBeUndefined()
    expect(expandWords(['$extension'], values(await item('jo+-x@here.example')))).toBeUndefined()
    expect(
      expandWords(['-f', '$sender'], values(await item('jo@here.example', '-x@else.example'))),
    ).toBeUndefined()
    expect(expandWords(['-f$sender'], values(await item('jo@here.example', '-x@else.example')))).toEqual([
      '-f-x@else.example',
    ])
    expect(expandWords(['to:$user'], values(await item('$sender@here.example')))).toEqual(['to:$sender'])
  })

  test('the flags fold and quote', async () => {
    const one = await item('"Jo X+Y"@here.example')
    expect(expandWords(['$recipient', '$user', '$extension'], values(one, 'uq'))).toEqual([
      '"jo x+y"@here.example',
      'jo x',
      'y',
    ])
  })
})

describe('input', () => {
  async function input(text: string, flags: string, lineEnd = '\n'): Promise<string> {
    const chunks: Buffer[] = []
    const now = new Date(Date.UTC(2026, 0, 2, 3, 4, 5))
    const settings = { flags: new Set(flags), lineEnd, nullSender: 'MAILER-DAEMON', now }
    for await (const chunk of programInput(await item('jo@here.example', null, text), settings))
      chunks.push(chunk)
    return Buffer.concat(chunks).toString('latin1')
  }

  test('lines end as the program wants', async () => {
    expect(await input('A: b\r\n\r\n\xfc\r\n', '')).toBe('A: b\n\n\xfc\n')
    expect(await input('A: b\r\n\r\nno end', '', '\r\n')).toBe('A: b\r\n\r\nno end\r\n')
  })

  test('with no Return-Path but that of the flag: a program may answer there', async () => {
    const text = 'A: b\r\nReturn-Path: <forged@evil.example>\r\n\r\nReturn-Path: text\r\n'
    expect(await input(text, '')).toBe('A: b\n\nReturn-Path: text\n')
    expect(await input(text, 'R')).toBe('Return-Path: <>\nA: b\n\nReturn-Path: text\n')
  })

  test('with the fields and marks of the flags', async () => {
    expect(await input('A: b\r\n\r\nFrom x\r\n.\r\n..y\r\n', 'FRDOB>.')).toBe(
      `From MAILER-DAEMON Fri Jan  2 03:04:05 2026
Return-Path: <>
X-Original-To: asked@here.example
Delivered-To: jo@here.example
A: b

>From x
..
...y

`,
    )
  })
})

describe('PipeDelivery', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mw-pipe-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  /** Runs a script of this Node.js; nothing of it goes through a shell. */
  async function deliver(
    script: string,
    items: readonly BatchItem[],
    {
      clock = systemClock,
      signal = new AbortController().signal,
      ...pipe
    }: Partial<PipeInput> & {
      clock?: typeof systemClock
      signal?: AbortSignal
    } = {},
  ): Promise<
    readonly { kind: string; text?: string; reply?: { code: number; enhanced: string | undefined } }[]
  > {
    const path = join(folder, `${Math.random()}.mjs`)
    await writeFile(path, script)
    const { pipes } = parseOptions({
      pipes: { test: { ...pipe, command: [process.execPath, path, ...(pipe.command ?? [])] } },
    })
    const delivery = new PipeDelivery(pipes, { clock, log: createLog('silent'), detailSeparator: '+' })
    return delivery.deliver({ name: 'test' }, items, batch(items), signal)
  }

  test('the program gets the message, its words, and nothing of our environment', async () => {
    process.env.MW_SECRET = 'secret'
    const out = join(folder, 'out')
    const script = `import { readFileSync, writeFileSync } from 'node:fs'
writeFileSync(${JSON.stringify(out)}, JSON.stringify([process.argv.slice(2), Object.keys(process.env).sort(), readFileSync(0, 'utf8')]))`
    const found = await deliver(script, [await item('jo+x@here.example')], {
      command: ['$user', '$extension', '$(sender)'],
      env: { MORE: 'yes' },
    })
    expect(found).toMatchObject([{ kind: 'delivered' }])
    expect(JSON.parse(await readFile(out, 'utf8'))).toEqual([
      ['jo', 'x', 'a@else.example'],
      ['LANG', 'MORE', 'PATH'],
      'Subject: x\n\nbody\n',
    ])
    delete process.env.MW_SECRET
  })

  test('its end is the outcome; what it says is bounded', async () => {
    const script = `process.stdout.write('x'.repeat(1_000_000), () => process.exit(67))`
    const [found] = await deliver(script, [await item('jo@here.example')])
    expect(found).toMatchObject({ kind: 'failed', reply: { code: 550, enhanced: '5.1.1' } })
    expect(JSON.stringify(found).length).toBeLessThan(700)
  })

  test('a program that reads nothing may be content all the same', async () => {
    const large = `Subject: x\r\n\r\n${'x'.repeat(70)}\r\n`.repeat(30_000)
    expect(await deliver('process.exit(0)', [await item('jo@here.example', null, large)])).toMatchObject([
      { kind: 'delivered' },
    ])
  })

  test('one whose message cannot be read to its end is killed, whatever it says', async () => {
    const part = join(folder, 'part')
    const whole = await item('jo@here.example')
    const { content } = whole.message
    const broken: AsyncIterable<Buffer> = {
      async *[Symbol.asyncIterator]() {
        yield Buffer.from('Subject: x\r\n')
        // The program has what there is.
        await expect.poll(() => readFile(part, 'utf8').catch(() => ''), { timeout: 20_000 }).not.toBe('')
        throw new Error('the disk is gone')
      },
    }
    const message = { ...whole.message, content: { ...content, stream: () => Readable.from(broken) } }
    const script = `import { writeFileSync } from 'node:fs'
process.stdin.on('data', (chunk) => writeFileSync(${JSON.stringify(part)}, chunk)).on('end', () => process.exit(0))`
    const found = await deliver(script, [{ ...whole, message }])
    expect(found).toMatchObject([{ kind: 'deferred', reply: { code: 451 } }])
    expect(found[0]).not.toHaveProperty('concerns')
  })

  test('one that does not end in its time is killed, with what it has started', async () => {
    const clock = fakeClock()
    const pid = join(folder, 'pid')
    const script = `import { spawn } from 'node:child_process'
import { writeFileSync, renameSync } from 'node:fs'
const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })
writeFileSync(${JSON.stringify(`${pid}.new`)}, String(child.pid))
renameSync(${JSON.stringify(`${pid}.new`)}, ${JSON.stringify(pid)})
setInterval(() => {}, 1000)`
    const found = deliver(script, [await item('jo@here.example')], { clock, timeout: '1m' })
    await expect.poll(() => readFile(pid, 'utf8').catch(() => ''), { timeout: 20_000 }).not.toBe('')
    clock.advance(60_000)
    expect(await found).toMatchObject([{ kind: 'deferred', reply: { code: 451 } }])
    const grandchild = Number(await readFile(pid, 'utf8'))
    const isAlive = async () => {
      const status = await readFile(`/proc/${grandchild}/stat`, 'utf8').catch(() => '')
      return status !== '' && !/\) [ZX] /.test(status)
    }
    await expect.poll(isAlive, { timeout: 20_000 }).toBe(false)
  })

  test.runIf(process.getuid?.() === 0)('root runs it as another user, without a group of root', async () => {
    const { pipes } = parseOptions({ pipes: { test: { command: ['/usr/bin/id'], user: 'nobody' } } })
    const delivery = new PipeDelivery(pipes, {
      clock: systemClock,
      log: createLog('silent'),
      detailSeparator: '+',
    })
    await delivery.start()
    const items = [await item('jo@here.example')]
    const { signal } = new AbortController()
    const [found] = await delivery.deliver({ name: 'test' }, items, batch(items), signal)
    expect(found).toMatchObject({
      kind: 'delivered',
      text: expect.stringMatching(/uid=65534\(nobody\) gid=65534/),
    })
    expect(JSON.stringify(found)).not.toMatch(/\(root\)/)
  })

  test('one that cannot be started is tried later', async () => {
    const { pipes } = parseOptions({ pipes: { test: { command: ['/nowhere/program'] } } })
    const delivery = new PipeDelivery(pipes, {
      clock: systemClock,
      log: createLog('silent'),
      detailSeparator: '+',
    })
    const items = [await item('jo@here.example')]
    const { signal } = new AbortController()
    expect(await delivery.deliver({ name: 'test' }, items, batch(items), signal)).toMatchObject([
      { kind: 'deferred', reply: { enhanced: '4.3.5' }, concerns: 'destination' },
    ])
    expect(await delivery.deliver({ name: 'none' }, items, batch(items), signal)).toMatchObject([
      { kind: 'deferred', concerns: 'destination' },
    ])
  })

  test('nobody is served behind one who is not, where all shall be', async () => {
    const items = [await item('-x@here.example'), await item('jo@here.example')]
    expect(await deliver('', items, { command: ['$user'] })).toMatchObject([
      { kind: 'failed', reply: { enhanced: '5.1.3' } },
      { kind: 'deferred' },
    ])
  })

  test('too large, and here before', async () => {
    const one = [await item('jo@here.example', null, 'Delivered-To: JO@here.example\r\n\r\n')]
    expect(await deliver('', one, { flags: 'D' })).toMatchObject([
      { kind: 'failed', reply: { enhanced: '5.4.6' } },
    ])
    expect(await deliver('', one, { maxSize: 10 })).toMatchObject([
      { kind: 'failed', reply: { enhanced: '5.2.3' } },
    ])
  })
})
