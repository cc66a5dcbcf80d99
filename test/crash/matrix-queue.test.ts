import { describe, test } from 'vitest'
import { requirePeer } from '../support/peers/peers.ts'
import { expectFileGuarded, expectNothingLost, expectNothingUnsynced } from './matrix/sample.ts'

// A small part of the crash matrix for a queue that keeps what waits.

const peer = requirePeer('strace')
const seed = 20_261_129

describe.runIf(peer.available)(`a server that keeps what waits in SQLite: ${peer.title}`, () => {
  test(
    'has lost nothing when it was killed at some calls to the system, and its disk failed',
    () => expectNothingLost('sqlite', 'database()', seed),
    400_000,
  )

  test(
    'has lost nothing when the power was cut',
    () => expectNothingUnsynced('sqlite-cut', 'database()', seed),
    400_000,
  )
})

test(
  'a server that keeps what waits in SQLite has lost nothing when the file was away, empty, or that of another system',
  () => expectFileGuarded('sqlite-file', seed),
  400_000,
)
