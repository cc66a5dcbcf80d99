import { createHash } from 'node:crypto'

/**
 * What failures are counted for and what is restricted: a network, a login wherever it is tried, or a login as tried
 * from one network.
 */
export interface Subject {
  readonly kind: SubjectKind
  /** See `blockText`; empty for a login. */
  readonly network: string
  /** See `loginName`; empty for a network. */
  readonly login: string
}

export type SubjectKind = 'network' | 'login' | 'pair'

export function networkSubject(network: string): Subject {
  return { kind: 'network', network, login: '' }
}

export function loginSubject(login: string): Subject {
  return { kind: 'login', network: '', login }
}

export function pairSubject(network: string, login: string): Subject {
  return { kind: 'pair', network, login }
}

/** Tells subjects apart in this process. No network has a space in it. */
export function subjectKey({ kind, network, login }: Subject): string {
  return `${kind} ${network} ${login}`
}

/** The same in the tables, where keys are short. */
export function subjectId(subject: Subject): string {
  return createHash('sha256').update(subjectKey(subject)).digest('hex')
}

/** As people read it. */
export function subjectText({ kind, network, login }: Subject): string {
  if (kind === 'network') return network
  return kind === 'login' ? login : `${login} from ${network}`
}
