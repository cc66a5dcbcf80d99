import { installPeers } from './peers.ts'

/** Runs once before the tests of the whole system. */
export function setup(): void {
  installPeers()
}
