import type { ImapExtension } from 'mailwright'
import { authentication } from './authentication/index.ts'
import { base } from './base/index.ts'
import { fetch } from './fetch/index.ts'
import { select } from './select/index.ts'
import { storeFlags } from './store/index.ts'

/** The modules that every listener has, in the order in which their capabilities are told. */
export const shippedExtensions: readonly ImapExtension[] = [base, authentication, select, fetch, storeFlags]
