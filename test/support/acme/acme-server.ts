import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import {
  type AcmeBehaviour,
  ordinaryBehaviour,
  type TestAccount,
  type TestAuthorization,
  type TestOrder,
} from './acme-behaviour.ts'
import { createTestAuthority, type TestAuthority } from './acme-ca.ts'
import { type Jwk, type OpenedRequest, openBinding, openRequest, thumbprint } from './acme-jws.ts'
import { validateHttp, validateTls } from './acme-validation.ts'

const problem = 'application/problem+json'

/** A certificate authority of the test's own that keeps to RFC 8555 where a client might not. */
export class AcmeServer implements AsyncDisposable {
  readonly behaviour: AcmeBehaviour
  readonly authority: TestAuthority
  readonly accounts = new Map<string, TestAccount>()
  readonly orders: TestOrder[] = []
  /** Paths, in the order in which they were asked for. */
  readonly asked: string[] = []
  readonly #authorizations: TestAuthorization[] = []
  readonly #nonces = new Set<string>()
  readonly #server
  #made = 0
  #answering = 0

  private constructor(authority: TestAuthority, keys: { key: string; cert: string }) {
    this.authority = authority
    this.behaviour = ordinaryBehaviour()
    this.#server = createServer(keys, (request, response) => void this.#serve(request, response))
  }

  static async start(): Promise<AcmeServer> {
    const authority = await createTestAuthority()
    const server = new AcmeServer(authority, await authority.serverKeys('localhost'))
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    return server
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get directory(): string {
    return `${this.url}/directory`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** Whether somebody waits for an answer, or it asks for a challenge's. */
  get isBusy(): boolean {
    return this.#answering > 0
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#answering++
    await this.#answer(request, response).finally(() => this.#answering--)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? ''
    this.asked.push(path)
    let text = ''
    for await (const chunk of request.setEncoding('utf8')) text += String(chunk)
    response.setHeader('replay-nonce', this.#nonce())
    const instead = this.behaviour.instead?.(path)
    if (instead !== undefined) {
      response.writeHead(instead.status, instead.headers).end(instead.text)
      return
    }
    try {
      if (request.method === 'POST') await this.#post(path, text, request, response)
      else this.#read(path, response)
    } catch (error) {
      const type = /^[a-z]\w+$/i.test((error as Error).message) ? (error as Error).message : 'malformed'
      this.#problem(response, 400, type, (error as Error).message)
    }
  }

  #nonce(): string {
    const nonce = randomBytes(12).toString('base64url')
    this.#nonces.add(nonce)
    return nonce
  }

  #problem(response: ServerResponse, status: number, type: string, detail: string): void {
    response.writeHead(status, { 'content-type': problem })
    response.end(JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail, status }))
  }

  #json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }

  #read(path: string, response: ServerResponse): void {
    const { renewalWindow, externalAccounts } = this.behaviour
    if (path === '/directory') {
      const at = (name: string) => `${this.url}/${name}`
      this.#json(response, 200, {
        newNonce: at('nonce'),
        newAccount: at('account'),
        newOrder: at('order'),
        ...(renewalWindow === undefined ? {} : { renewalInfo: at('renewal') }),
        meta: { termsOfService: at('terms'), externalAccountRequired: externalAccounts !== undefined },
      })
    } else if (path.startsWith('/renewal/') && renewalWindow !== undefined) {
      const { explanationURL, ...suggestedWindow } = renewalWindow
      this.#json(response, 200, { suggestedWindow, explanationURL }, { 'retry-after': '21600' })
    } else if (path === '/nonce') response.writeHead(200).end()
    else this.#problem(response, 404, 'malformed', 'nothing is here')
  }

  async #post(path: string, text: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.headers['content-type'] !== 'application/jose+json') throw new Error('no JOSE')
    const opened = openRequest(text, (kid) => this.accounts.get(kid)?.jwk)
    const { nonce, url } = opened.header
    if (url !== `${this.url}${path}`) throw new Error('unauthorized')
    const { behaviour } = this
    const isKnown = this.#nonces.delete(String(nonce))
    if (!isKnown || behaviour.badNonces > 0) {
      behaviour.badNonces = Math.max(0, behaviour.badNonces - 1)
      this.#problem(response, 400, 'badNonce', 'that nonce is none')
      return
    }
    const [, what = '', id = ''] = path.split('/')
    if (what === 'account') this.#account(path, opened, response)
    else if (what === 'order' && id === '') this.#newOrder(opened, response)
    else if (what === 'order') this.#showOrder(Number(id), response)
    else if (what === 'authorization') this.#showAuthorization(Number(id), response)
    else if (what === 'challenge') this.#tryChallenge(Number(id), path, opened, response)
    else if (what === 'finalize') await this.#finalize(Number(id), opened, response)
    else if (what === 'certificate') {
      response.writeHead(200, { 'content-type': 'application/pem-certificate-chain' })
      response.end(this.orders[Number(id)]?.chain)
    } else throw new Error('malformed')
  }

  #account(path: string, { header, payload }: OpenedRequest, response: ServerResponse): void {
    const known = this.accounts.get(String(header.kid))
    if (known !== undefined) {
      if (path !== new URL(String(header.kid)).pathname) throw new Error('unauthorized')
      known.contact = payload?.contact
      this.#json(response, 200, { status: 'valid', contact: known.contact })
      return
    }
    const jwk = header.jwk as Jwk
    const again = [...this.accounts].find(([, account]) => thumbprint(account.jwk) === thumbprint(jwk))
    if (again !== undefined) {
      this.#json(response, 200, { status: 'valid' }, { location: again[0] })
      return
    }
    if (payload?.termsOfServiceAgreed !== true) throw new Error('userActionRequired')
    const { externalAccounts } = this.behaviour
    const binding = payload.externalAccountBinding
    if (externalAccounts !== undefined && binding === undefined) throw new Error('externalAccountRequired')
    const keyId =
      externalAccounts === undefined
        ? undefined
        : openBinding(binding, jwk, `${this.url}${path}`, (id) => externalAccounts.get(id))
    const location = `${this.url}/account/${++this.#made}`
    this.accounts.set(location, { jwk, contact: payload.contact, keyId })
    this.#json(response, 201, { status: 'valid' }, { location })
  }

  #newOrder({ header, payload = {} }: OpenedRequest, response: ServerResponse): void {
    const { rateLimit } = this.behaviour
    if (rateLimit > 0) {
      response.setHeader('retry-after', String(rateLimit))
      this.#problem(response, 429, 'rateLimited', 'too many certificates')
      return
    }
    const names = (payload.identifiers as { value: string }[]).map(({ value }) => value)
    const replaces = payload.replaces as string | undefined
    if (this.orders.some((each) => replaces !== undefined && each.replaces === replaces))
      throw new Error('alreadyReplaced')
    const order = {
      account: String(header.kid),
      names,
      replaces,
      status: 'pending',
      chain: '',
      polls: 0,
    }
    this.orders.push(order)
    for (const name of names) {
      const token = randomBytes(16).toString('base64url')
      this.#authorizations.push({ name, order, token, status: 'pending', error: undefined })
    }
    const location = `${this.url}/order/${this.orders.length - 1}`
    this.#json(response, 201, this.#orderBody(order), { location })
  }

  #orderBody(order: TestOrder): unknown {
    const index = this.orders.indexOf(order)
    const own = this.#authorizations.filter((each) => each.order === order)
    if (order.status === 'pending' && own.every(({ status }) => status === 'valid')) order.status = 'ready'
    return {
      status: order.status,
      identifiers: order.names.map((value) => ({ type: 'dns', value })),
      authorizations: own.map((each) => `${this.url}/authorization/${this.#authorizations.indexOf(each)}`),
      finalize: `${this.url}/finalize/${index}`,
      ...(order.status === 'valid' ? { certificate: `${this.url}/certificate/${index}` } : {}),
    }
  }

  #showOrder(index: number, response: ServerResponse): void {
    const order = this.orders[index]
    if (order === undefined) throw new Error('malformed')
    const { times, retryAfter } = this.behaviour.processing
    if (order.status === 'processing' && order.polls++ >= times) order.status = 'valid'
    const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }
    this.#json(response, 200, this.#orderBody(order), headers as Record<string, string>)
  }

  #showAuthorization(index: number, response: ServerResponse): void {
    const found = this.#authorizations[index]
    if (found === undefined) throw new Error('malformed')
    const { name, token, status, error } = found
    const challenges = this.behaviour.offers.map((type) => ({
      type,
      token,
      status,
      url: `${this.url}/challenge/${index}/${type}`,
      ...(error === undefined ? {} : { error }),
    }))
    this.#json(response, 200, { status, identifier: { type: 'dns', value: name }, challenges })
  }

  #tryChallenge(
    index: number,
    path: string,
    { header, payload }: OpenedRequest,
    response: ServerResponse,
  ): void {
    const found = this.#authorizations[index]
    const jwk = this.accounts.get(String(header.kid))?.jwk
    if (found === undefined || jwk === undefined || JSON.stringify(payload) !== '{}')
      throw new Error('malformed')
    const target = { name: found.name, port: this.behaviour.validationPort }
    const wanted = `${found.token}.${thumbprint(jwk)}`
    const isTls = path.endsWith('/tls-alpn-01')
    const asked = isTls ? validateTls(target, wanted) : validateHttp(target, found.token, wanted)
    this.#answering++
    asked
      .finally(() => this.#answering--)
      .then(
        () => {
          found.status = 'valid'
        },
        (error: Error) => {
          found.status = 'invalid'
          found.order.status = 'invalid'
          const detail = `127.0.0.1: ${error.message}`
          found.error = { type: 'urn:ietf:params:acme:error:unauthorized', detail }
        },
      )
    this.#json(response, 200, { type: path.split('/').at(-1), status: 'processing', token: found.token })
  }

  async #finalize(index: number, { payload }: OpenedRequest, response: ServerResponse): Promise<void> {
    const order = this.orders[index]
    if (order?.status !== 'ready') throw new Error('orderNotReady')
    const request = Buffer.from(String(payload?.csr), 'base64url')
    const names = this.authority.namesOf(request).toSorted()
    if (names.join() !== order.names.toSorted().join()) throw new Error('badCSR')
    order.chain = await this.authority.sign(request, this.behaviour.validity())
    order.status = 'processing'
    this.#json(response, 200, this.#orderBody(order))
  }

  /** Forgets every account. */
  forgetAccounts(): void {
    this.accounts.clear()
  }

  /** The SHA-256 fingerprints of what was issued, in its order. */
  get issued(): readonly string[] {
    return this.orders
      .filter(({ chain }) => chain !== '')
      .map(({ chain }) => createHash('sha256').update(new X509Certificate(chain).raw).digest('hex'))
  }
}
