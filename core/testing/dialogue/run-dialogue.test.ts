import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryConnection } from '../memory-connection.ts'
import { Dialogue, dialogueOverTcp } from './dialogue.ts'
import { linePattern } from './pattern.ts'
import { DialogueError, runDialogue } from './run-dialogue.ts'
import { parseDialogue } from './script.ts'

/** A server that greets, answers HELP with three lines, ends at QUIT, and says everything else again. */
function echo(socket: Socket): void {
  let rest = ''
  socket.setEncoding('latin1')
  socket.write('220 echo ready\r\n')
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\r\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === 'QUIT') socket.end('221 bye\r\n')
      else if (line === 'HELP') socket.write('250-one\r\n250-two\r\n250 three\r\n')
      else socket.write(`250 ${line}\r\n`, 'latin1')
    }
  })
}

let server: Server
let port = 0

beforeAll(async () => {
  server = createServer(echo).listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})

afterAll(() => server.close())

const connections: readonly (readonly [string, () => Promise<Dialogue>])[] = [
  [
    'in memory',
    async () => {
      const { client, server: end } = memoryConnection()
      echo(end)
      return new Dialogue(client)
    },
  ],
  ['over TCP', () => dialogueOverTcp(port)],
]

const whole = `
# Everything that can be written.
S: 220 <re:\\w+> ready
C: HELP
S*: 250-<re:.*>
S: 250 three
C[hex]: 61 62 0d 0a 63
C[hex]: 640d0a
S: 250 ab
S: 250 cd
C: ---
# not a comment
C: not a command
---
S: ---
250 # not a comment
250 C: not a command
---
C: a.b
S: 250 a.b
C:
S: 250 
C: QUIT
S: 221 bye
S[end]
`

describe.each(connections)('runDialogue %s', (_where, connect) => {
  it('plays a dialogue to its end', async () => {
    const connection = await connect()
    await runDialogue(whole, connection)
    await connection.close()
  })

  it('shows the whole dialogue and what differs', async () => {
    const connection = await connect()
    const error = await runDialogue('S: 220 echo ready\nC: one\nS: 250 two\nC: QUIT', connection).catch(
      (caught) => caught,
    )
    expect(error).toBeInstanceOf(DialogueError)
    expect(error.line).toBe(3)
    expect(error.message.split('\n')).toEqual([
      'line 3: the server said something else',
      '',
      '    1  S: 220 echo ready',
      '    2  C: one',
      '>   3  S: 250 two',
      '+      250 one',
      '    4  C: QUIT',
    ])
    await connection.close()
  })

  it('notices an end that comes too early, or not at all', async () => {
    const early = await connect()
    await expect(runDialogue('S: 220 echo ready\nC: QUIT\nS: 221 bye\nS: more', early)).rejects.toMatchObject(
      { line: 4 },
    )
    const late = await connect()
    await expect(runDialogue('S: 220 echo ready\nC: x\nS[end]', late)).rejects.toThrow(/\+ +250 x/)
    await late.close()
  })

  it('says so when nothing comes', async () => {
    const connection = await connect()
    await runDialogue('S: 220 echo ready', connection)
    await connection.close()
    const silent = new Dialogue(memoryConnection().client, { patience: 5 })
    await expect(runDialogue('S: 220 ready', silent)).rejects.toThrow(
      'line 1: no line from the server within 5 ms',
    )
    await silent.close()
  })
})

describe('runDialogue', () => {
  it('reads a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mailwright-dialogue-'))
    await writeFile(join(folder, 'x.dialogue'), whole)
    const connection = await dialogueOverTcp(port)
    await runDialogue(pathToFileURL(join(folder, 'x.dialogue')), connection)
    await rm(folder, { recursive: true })
  })

  it('notices what a repetition left over', async () => {
    const connection = await dialogueOverTcp(port)
    await expect(runDialogue('S: 220 echo ready\nC: HELP\nS*: 250-<re:.*>', connection)).rejects.toThrow(
      'said more',
    )
    await connection.close()
  })

  it('shows line ends that are none', async () => {
    const { client, server: end } = memoryConnection()
    const connection = new Dialogue(client)
    end.write('a\nb\r\nc')
    end.end()
    await runDialogue('S: a<LF>\nS: b\nS: c<cut>\nS[end]', connection)
  })
})

describe('Dialogue', () => {
  it('gives a server up that does not end, or does not speak TLS', async () => {
    const { client, server: end } = memoryConnection()
    const deaf = new Dialogue(client, { patience: 5 })
    end.pause()
    await deaf.end()
    const plain = new Dialogue(memoryConnection().client, { patience: 5 })
    await expect(plain.startTls()).rejects.toThrow()
    await plain.close()
  })

  it('reads replies of several lines', async () => {
    const connection = await dialogueOverTcp(port)
    expect(await connection.expectReply(220)).toEqual(['echo ready'])
    connection.send('HELP')
    expect(await connection.expectReply(250)).toEqual(['one', 'two', 'three'])
    connection.send('x')
    await expect(connection.expectReply(251)).rejects.toThrow('S: 250 x')
    await connection.close()
  })
})

describe('parseDialogue', () => {
  it('names every line that is none of a dialogue', () => {
    const text = 'S: ok\nX: what\nC[hex]: 6\nS: <re:(>\nS[hex]: 61\nC: ---\nopen'
    expect(() => parseDialogue(text)).toThrow(
      /line 2: .*; line 3: .*; line 4: .*; line 5: .*; the last block has no end/,
    )
  })
})

describe('linePattern', () => {
  it.each([
    ['250 a.b', '250 a.b', true],
    ['250 a.b', '250 axb', false],
    ['250 a', '250 ab', false],
    ['<re:\\d+> <re:a|b> x', '12 b x', true],
    ['<re:a|b>', 'ab', false],
    ['<re:[^\\>]+>>', '<x>>', false],
    ['<<re:[^\\>]+>>', '<x@y>', true],
    ['(+[*', '(+[*', true],
  ])('%s against %s', (pattern, line, expected) => {
    expect(linePattern(pattern).test(line)).toBe(expected)
  })
})
