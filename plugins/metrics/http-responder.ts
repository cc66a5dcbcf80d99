import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Clock, Timer } from 'mailwright'
import type { Access } from './access.ts'
import { takesGzip } from './negotiation.ts'
import { note, type Page, type PageParts, type PagePath, pageAt, paths } from './pages.ts'

const compress = promisify(gzip)

/** Octets of a request's line and header. */
const longestHeader = 8_192
/** Milliseconds until a request has to be here, and until its answer has to be taken. */
const askPatience = 5_000
const answerPatience = 30_000
/** Smaller answers fit one packet anyway. */
const worthCompressing = 1_400

export interface ResponderParts extends PageParts {
  readonly access: Access
  readonly clock: Clock
}

/** Answers one request of each connection. What is no HTTP, or does not come in time, gets no answer. */
export class HttpResponder {
  readonly #parts: ResponderParts
  /** Each with what ends it when its time is over. */
  readonly #connections = new Map<Socket, Timer>()
  readonly #server = createServer({ maxHeaderSize: longestHeader, keepAlive: false }, (request, response) =>
    this.#respond(request, response),
  )

  constructor(parts: ResponderParts) {
    this.#parts = parts
    this.#server.on('clientError', (_error, socket) => socket.destroy())
  }

  accept(socket: Socket): void {
    this.#limit(socket, askPatience)
    socket.once('close', () => {
      this.#connections.get(socket)?.cancel()
      this.#connections.delete(socket)
    })
    this.#server.emit('connection', socket)
  }

  /** A deadline for all of it, and not for each pause in it. Node's own are kept only by servers that listen themselves. */
  #limit(socket: Socket, milliseconds: number): void {
    this.#connections.get(socket)?.cancel()
    this.#connections.set(
      socket,
      this.#parts.clock.after(milliseconds, () => socket.destroy()),
    )
  }

  /** Ends what is still open: whoever scrapes comes again. */
  stop(): void {
    for (const socket of this.#connections.keys()) socket.destroy()
  }

  #respond(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    this.#limit(socket, answerPatience)
    // Whatever comes after the header is not wanted.
    request.on('error', () => undefined)
    request.resume()
    this.#page(request)
      .then((page) => this.#send(request, response, page))
      .catch(() => socket.destroy())
  }

  async #page({ method = '', url = '', socket, headers }: IncomingMessage): Promise<Page> {
    const { access } = this.#parts
    if (!access.isNear(socket)) return note(403, 'Your address may not ask here.')
    if (method !== 'GET' && method !== 'HEAD') return note(405, 'Only GET and HEAD are known here.')
    const [asked] = url.split('?', 1)
    const path = paths.find((known) => known === asked)
    if (path === undefined) return note(404, `Nothing is here. There are: ${paths.join(', ')}`)
    if (needsToken(path) && !access.knows(headers.authorization))
      return note(401, 'The token is missing or wrong.')
    return pageAt(path, headers.accept, this.#parts)
  }

  async #send(
    request: IncomingMessage,
    response: ServerResponse,
    { status, type, text }: Page,
  ): Promise<void> {
    const isCompressed =
      text.length > worthCompressing && takesGzip(oneValue(request.headers['accept-encoding']))
    const octets = isCompressed ? await compress(text) : Buffer.from(text)
    response.writeHead(status, {
      connection: 'close',
      'cache-control': 'no-store',
      'content-type': type,
      'content-length': octets.length,
      'x-content-type-options': 'nosniff',
      ...(isCompressed ? { 'content-encoding': 'gzip' } : {}),
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
      ...(status === 200 ? { vary: 'accept, accept-encoding' } : {}),
    })
    response.end(octets)
  }
}

function needsToken(path: PagePath): boolean {
  return path !== '/healthz'
}

function oneValue(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.join(',')
}
