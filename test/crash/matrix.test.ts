import { describe, test } from 'vitest'
import { requirePeer } from '../support/peers/peers.ts'
import { expectNothingLost, expectNothingUnsynced } from './matrix/sample.ts'

// A small part of the crash matrix, chosen by a seed; `npm run test:crash-matrix` is the whole of it.

const peer = requirePeer('strace')
const seed = 20_261_129

describe.runIf(peer.available)(`a server that delivers before it answers: ${peer.title}`, () => {
  test(
    'has lost nothing when it was killed at some calls to the system, and its disk failed',
    () => expectNothingLost('direct', undefined, seed),
    400_000,
  )

  test(
    'has lost nothing when the power was cut',
    () => expectNothingUnsynced('direct-cut', undefined, seed),
    400_000,
  )
})
