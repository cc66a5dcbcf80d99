import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from 'mailwright'
import type { ChallengeFiles } from './challenge-files.ts'
import { limitConnection } from './deadline.ts'

const longestHeader = 8_192

/** Answers the authority's questions of the challenge http-01 (RFC 8555 §8.3), and nothing else. */
export class HttpResponder {
  readonly #server = createServer(
    { maxHeaderSize: longestHeader, keepAlive: false },
    (request, response) => void this.#answer(request, response),
  )
  readonly #challenges: ChallengeFiles
  readonly #clock: Clock

  constructor(challenges: ChallengeFiles, clock: Clock) {
    this.#challenges = challenges
    this.#clock = clock
    // What is no HTTP gets no explanation.
    this.#server.on('clientError', (_error, socket) => socket.destroy())
  }

  accept(socket: Socket): void {
    limitConnection(socket, this.#clock)
    this.#server.emit('connection', socket)
  }

  async #answer({ method, url = '' }: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('connection', 'close')
    const isRead = method === 'GET' || method === 'HEAD'
    const text = isRead ? await this.#challenges.textFor(url).catch(() => undefined) : undefined
    if (text === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Nothing is here.\n')
      return
    }
    response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(text)
  }
}
