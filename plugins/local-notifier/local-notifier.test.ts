import { once } from 'node:events'
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Account,
  definePlugin,
  errorCode,
  type Notifier,
  noOptions,
  notifier,
  systemClock,
  wait,
} from 'mailwright'
import { type CapturedLog, capturedLog, createTestHost } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { encodeFrame, FrameReader, missedFrame, type Notice } from './frame.ts'
import localNotifier from './index.ts'
import { LocalNotifier } from './local-notifier.ts'
import { SocketFile } from './socket-file.ts'
import { Subscriptions } from './subscriptions.ts'

let folder = ''
let path = ''
const ends: (() => unknown)[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-notifier-'))
  path = join(folder, 'run/notifier.sock')
})
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
  await rm(folder, { recursive: true, force: true })
})

/** Hints within a process, in the fewest words. */
function inProcess(): Notifier {
  const listeners = new Map<object, readonly [string, (payload: unknown) => void]>()
  return {
    publish: (topic, payload) => {
      for (const [wanted, listener] of listeners.values()) if (wanted === topic) listener(payload)
    },
    subscribe: (topic, listener) => {
      const key = {}
      listeners.set(key, [topic, listener])
      return () => void listeners.delete(key)
    },
  }
}

interface Peer {
  readonly notifier: LocalNotifier
  readonly log: CapturedLog
  /** Payloads of the topic `a`, without the word that some were missed. */
  readonly heard: unknown[]
  /** How often that was said. */
  readonly missed: () => number
  readonly stop: () => Promise<void>
}

/** As a process has it: a server, or a command, which does not serve. */
async function enter(role: 'server' | 'command' = 'server'): Promise<Peer> {
  const log = capturedLog()
  const clock = systemClock
  const subscriptions = new Subscriptions(inProcess(), clock)
  const own = new LocalNotifier({ file: new SocketFile(path, clock), subscriptions, clock, log })
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= own.stop()
    return stopping
  }
  ends.push(stop)
  await own.start()
  if (role === 'server') await own.serve()
  const heard: unknown[] = []
  let count = 0
  own.subscribe('a', (payload) => {
    if ((payload as { missed?: unknown } | null)?.missed === true) count += 1
    else heard.push(payload)
  })
  return { notifier: own, log, heard, missed: () => count, stop }
}

const soon = (check: () => unknown) => vi.waitFor(check, { timeout: 5_000, interval: 5 })

/**
 * Waits until each hears all others: they are at one hub, and what was missed before has been told. That takes each a
 * moment; timers of one process fall due in their order.
 */
async function together(peers: readonly Peer[]): Promise<void> {
  const heard = peers.map(() => new Set<unknown>())
  const ended = peers.map(({ notifier: own }, index) =>
    own.subscribe('roll-call', (payload) => heard[index]?.add(payload)),
  )
  await soon(() => {
    for (const [index, { notifier: own }] of peers.entries()) own.publish('roll-call', index)
    const everybody = peers.map((_peer, index) => index)
    for (const words of heard) expect([...words]).toEqual(expect.arrayContaining(everybody))
  })
  for (const end of ended) end()
  await wait(systemClock, 30)
}

/** A client that knows nothing of the protocol. */
async function stranger(): Promise<Socket> {
  const socket = connect(path)
  ends.push(() => socket.destroy())
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

describe('processes that meet', () => {
  test('hear each hint once, their own without a detour', async () => {
    const peers = [await enter(), await enter(), await enter('command')]
    await together(peers)
    for (const [index, { notifier: own, heard }] of peers.entries()) {
      own.publish('a', index)
      expect(heard).toContain(index)
      own.publish('b', 'for nobody')
    }
    for (const { heard } of peers) await soon(() => expect(heard.toSorted()).toEqual([0, 1, 2]))
    // Whatever else was on its way came before this.
    for (const [index, { notifier: own }] of peers.entries()) own.publish('a', index + 3)
    for (const { heard } of peers) await soon(() => expect(heard.toSorted()).toEqual([0, 1, 2, 3, 4, 5]))
  })

  test('are told nothing more after the end of a subscription', async () => {
    const [one, other] = [await enter(), await enter()]
    await together([one, other])
    const listener = vi.fn()
    const end = other.notifier.subscribe('a', listener)
    one.notifier.publish('a', 1)
    await soon(() => expect(listener).toHaveBeenCalledTimes(1))
    end()
    one.notifier.publish('a', 2)
    await soon(() => expect(other.heard).toEqual([1, 2]))
    expect(listener).toHaveBeenCalledTimes(1)
  })

  test('have one hub, also where many start in one moment', async () => {
    const peers = await Promise.all(Array.from({ length: 10 }, () => enter()))
    await together(peers)
    peers[3]?.notifier.publish('a', 'x')
    for (const { heard } of peers) await soon(() => expect(heard).toEqual(['x']))
    expect(await readdir(join(folder, 'run'))).toEqual(['notifier.sock'])
  })

  test('find another hub where it stops, and are told that hints may have been missed', async () => {
    const [hub, one, other] = [await enter(), await enter(), await enter()]
    await together([hub, one, other])
    const before = [one.missed(), other.missed()]
    await hub.stop()
    one.notifier.publish('a', 'meanwhile')
    await together([one, other])
    await soon(() => {
      expect(one.missed()).toBeGreaterThan(before[0] ?? 0)
      expect(other.missed()).toBeGreaterThan(before[1] ?? 0)
    })
    one.notifier.publish('a', 1)
    other.notifier.publish('a', 2)
    for (const { heard } of [one, other])
      await soon(() => expect(heard).toEqual(expect.arrayContaining([1, 2])))
    expect(hub.heard).toEqual([])
  })

  test('are not told so where nothing was missed', async () => {
    const [hub, one] = [await enter(), await enter()]
    await together([hub, one])
    hub.notifier.publish('a', 1)
    await soon(() => expect(one.heard).toEqual([1]))
    await one.stop()
    expect([hub.missed(), hub.log.lines, one.log.lines]).toEqual([0, [], []])
  })

  test('meet again where the socket was removed', async () => {
    const [hub, one] = [await enter(), await enter()]
    await together([hub, one])
    await rm(join(folder, 'run'), { recursive: true })
    const other = await enter()
    await together([hub, one, other])
    for (const peer of [hub, one, other]) peer.notifier.publish('a', 'x')
    for (const { heard } of [hub, one, other]) await soon(() => expect(heard).toEqual(['x', 'x', 'x']))
  })

  test('replace the socket of a process that was killed', async () => {
    const dead = createServer()
    const [place] = [await enter()]
    await place.stop()
    dead.listen(`${path}.dead`)
    await once(dead, 'listening')
    await rename(`${path}.dead`, path)
    dead.close()
    const [one, other] = [await enter(), await enter()]
    await together([one, other])
    one.notifier.publish('a', 1)
    await soon(() => expect(other.heard).toEqual([1]))
  })
})

describe('a command', () => {
  test('is heard, though it ends at once', async () => {
    const server = await enter()
    const command = await enter('command')
    for (let number = 0; number < 100; number++) command.notifier.publish('a', number)
    await command.stop()
    await soon(() => expect(server.heard).toHaveLength(100))
    expect(server.heard).toEqual(Array.from({ length: 100 }, (_, number) => number))
    command.notifier.publish('a', 'after the end')
    expect(command.heard).toHaveLength(101)
  })

  test('is never the hub, and makes nothing on the disk', async () => {
    const command = await enter('command')
    command.notifier.publish('a', 1)
    await command.stop()
    expect(await readdir(folder)).toEqual([])
    expect(command.log.lines).toEqual([])
  })

  test('finds a server that starts after it, and what it said before is heard then', async () => {
    const command = await enter('command')
    command.notifier.publish('a', 'early')
    const server = await enter()
    await soon(() => expect(server.heard).toEqual(['early']))
    server.notifier.publish('a', 'answer')
    await soon(() => expect(command.heard).toEqual(['early', 'answer']))
  })

  test('that said too much before says that something was missed', async () => {
    const command = await enter('command')
    for (let number = 0; number < 10_000; number++)
      command.notifier.publish('a', { number, text: 'x'.repeat(100) })
    const server = await enter()
    await soon(() => expect(server.missed()).toBeGreaterThan(0))
    expect(server.heard.length).toBeLessThan(10_000)
    command.notifier.publish('a', 'last')
    await soon(() => expect(server.heard.at(-1)).toBe('last'))
  })

  test('goes on without hints where the place of the socket cannot be used', async () => {
    await writeFile(join(folder, 'run'), '')
    const command = await enter('command')
    command.notifier.publish('a', 1)
    expect(command.heard).toEqual([1])
    await command.stop()
    expect(command.log.lines).toMatchObject([
      { level: 'warn', event: 'unavailable', service: 'notifier', code: 'MAIL_E_INVALID' },
    ])
  })
})

describe('a server', () => {
  test('does not start where the place of the socket is not fit for it', async () => {
    await writeFile(join(folder, 'run'), '')
    expect(await enter().catch(errorCode)).toBe('MAIL_E_INVALID')
  })

  test('starts where there can be no socket now, and is the hub once there can', async () => {
    path = join(folder, 'disk/run/notifier.sock')
    await writeFile(join(folder, 'disk'), '')
    const server = await enter()
    server.notifier.publish('a', 1)
    expect(server.heard).toEqual([1])
    expect(server.log.lines).toMatchObject([{ level: 'warn', event: 'unavailable', service: 'notifier' }])
    await rm(join(folder, 'disk'))
    await soon(() => expect(server.log.lines[1]).toMatchObject({ event: 'recovered', service: 'notifier' }))
    await together([server, await enter()])
  })
})

describe('what cannot be sent', () => {
  const circle: Record<string, unknown> = {}
  circle.self = circle

  test.each<[string, unknown]>([
    ['a circle', circle],
    ['a BigInt', 1n],
    [
      'what throws',
      {
        toJSON: () => {
          throw new Error('x')
        },
      },
    ],
    ['what is too long', 'x'.repeat(70_000)],
  ])('%s is the hint to look, for others', async (name, payload) => {
    const [one, other] = [await enter(), await enter('command')]
    await together([one, other])
    const before = other.missed()
    one.notifier.publish('a', payload)
    expect(one.heard, name).toHaveLength(1)
    await soon(() => expect(other.missed()).toBe(before + 1))
    expect(one.log.lines).toMatchObject([{ event: 'internal-error', topic: 'a' }])
  })

  test('nor a topic that is too long: all are told to look', async () => {
    const [one, other] = [await enter(), await enter()]
    await together([one, other])
    const before = other.missed()
    one.notifier.publish('t'.repeat(70_000), 1)
    await soon(() => expect(other.missed()).toBe(before + 1))
  })
})

describe('a hub under strangers', () => {
  test.each<[string, Buffer]>([
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['an endless frame', Buffer.concat([Buffer.from([255, 255, 255, 255]), Buffer.alloc(1_000_000)])],
    ['a frame of nothing', Buffer.alloc(4)],
    ['no JSON', Buffer.concat([Buffer.from([0, 0, 0, 1]), Buffer.from('{')])],
  ])('closes the one that sends %s, and no other', async (_name, octets) => {
    const [hub, one] = [await enter(), await enter()]
    await together([hub, one])
    const socket = await stranger()
    socket.resume().write(octets)
    await new Promise((resolve) => socket.once('close', resolve))
    one.notifier.publish('a', 1)
    await soon(() => expect(hub.heard).toEqual([1]))
    expect(hub.log.lines).toMatchObject([{ event: 'protocol-error', code: 'MAIL_E_INVALID' }])
  })

  test('hears one that sends octet by octet, and forgets one that ends within a frame', async () => {
    const hub = await enter()
    const socket = await stranger()
    for (const octet of encodeFrame({ topic: 'a', payload: 'slow' })) {
      socket.write(Buffer.of(octet))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await soon(() => expect(hub.heard).toEqual(['slow']))
    socket.end(missedFrame.subarray(0, 7))
    await once(socket.resume(), 'close')
    expect(hub.missed()).toBe(0)
    expect(hub.log.lines).toEqual([])
  })

  test('keeps little for one that does not read, and tells it so', async () => {
    const [hub, one] = [await enter(), await enter()]
    const silent = await stranger()
    silent.pause()
    const sent = 10_000
    for (let number = 0; number < sent; number++) {
      hub.notifier.publish('a', { number, text: 'x'.repeat(1_000) })
      if (number % 100 === 0) await soon(() => expect(one.heard).toHaveLength(number + 1))
    }
    await soon(() => expect(one.heard).toHaveLength(sent))
    const found: Notice[] = []
    let octets = 0
    const reader = new FrameReader()
    silent.on('data', (piece: Buffer) => {
      octets += piece.length
      reader.push(piece, (notice) => void found.push(notice))
    })
    silent.resume()
    hub.notifier.publish('a', 'last')
    await soon(() => expect(found.at(-1)).toEqual({ topic: 'a', payload: 'last' }))
    expect(octets).toBeLessThan(4_000_000)
    // Once to everybody who comes, and once in the place of what did not fit.
    expect(found.filter((notice) => 'missed' in notice).length).toBeGreaterThan(1)
  })

  test('says that hints were missed where a connection breaks', async () => {
    const [hub, one] = [await enter(), await enter()]
    await together([hub, one])
    const before = [hub.missed(), one.missed()]
    const socket = await stranger()
    // Ended with octets that nobody has read, the other side sees an error.
    await once(socket, 'readable')
    hub.notifier.publish('a', 'x'.repeat(1_000))
    socket.destroy()
    for (let count = 0; count < 10; count++) {
      hub.notifier.publish('a', count)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await soon(() => {
      expect(hub.missed()).toBeGreaterThan(before[0] ?? 0)
      expect(one.missed()).toBeGreaterThan(before[1] ?? 0)
    })
  })
})

describe('the plugin', () => {
  const account: Account = { id: 'a1', address: { localPart: 'jo', domain: 'example.org' } }
  const change = { account, mailbox: 'INBOX', cause: 'append', uidValidity: 1, uids: [7] } as const

  test('tells other processes of changes, whose hooks run in one', async () => {
    const ran: string[] = []
    const seen = (name: string) =>
      definePlugin({
        name,
        parseOptions: noOptions,
        setup({ hooks }) {
          hooks.retrieval.messageStored.tap('see', async () => void ran.push(name))
          return undefined
        },
      })()
    await using one = await createTestHost({ plugins: [localNotifier(), seen('one')], dataDir: folder })
    await using other = await createTestHost({ plugins: [seen('other'), localNotifier()], dataDir: folder })
    const heard = { one: vi.fn(), other: vi.fn() }
    one.service(notifier).subscribe('mailbox:a1', heard.one)
    other.service(notifier).subscribe('mailbox:a1', heard.other)
    one.flow.retrieval.stored(change)
    const hint = { mailbox: 'INBOX', cause: 'append', uidValidity: 1, uids: [7] }
    await soon(() => expect(heard.other).toHaveBeenCalledWith(expect.objectContaining(hint)))
    expect(heard.one).toHaveBeenCalledTimes(1)
    expect(heard.one).toHaveBeenCalledWith(expect.objectContaining(hint))
    expect(ran).toEqual(['one'])
  })

  test('names the place that cannot be used in the error of the start', async () => {
    await writeFile(join(folder, 'x'), '')
    const plugins = [localNotifier({ path: 'x/y.sock' })]
    const error: unknown = await createTestHost({ plugins, dataDir: folder }).catch((thrown) => thrown)
    expect(errorCode(error)).toBe('MAIL_E_START')
    expect(String((error as Error).cause)).toContain(join(folder, 'x'))
  })
})
