import { bindContract, type ContractCase, selectCases } from './contract.ts'
import { changeCases } from './store-changes.ts'
import { deliveryCases } from './store-delivery.ts'
import { type StoreCase, type StoreFixture, storeHas } from './store-fixture.ts'
import { flagCases } from './store-flags.ts'
import { limitCases } from './store-limits.ts'
import { mailboxCases } from './store-mailboxes.ts'
import { transferCases } from './store-transfers.ts'
import { viewCases } from './store-views.ts'

/** Everything that is demanded of a `store`. */
export const storeContractCases: readonly StoreCase[] = [
  ...viewCases,
  ...deliveryCases,
  ...mailboxCases,
  ...transferCases,
  ...flagCases,
  ...limitCases,
  ...changeCases,
]

export interface StoreContractOptions {
  /** What the suite is called: the plugin's name. */
  readonly name: string
  /** Makes an empty store. Called for every case, and once beforehand; so it must not need a `beforeAll`. */
  create(): Promise<StoreFixture>
}

/** The cases that apply to a store, by what it supports and its fixture offers. */
export function storeCases(probe: StoreFixture): readonly ContractCase<StoreFixture>[] {
  return selectCases(storeContractCases, storeHas, probe)
}

/**
 * The contract suite of the `store` service: call it at the top of a vitest file. What the store `supports` decides
 * which cases apply; those that do not are replaced by one that says so and checks how the ability is missing.
 */
export function storeContract(options: StoreContractOptions): void {
  bindContract(`${options.name}: the store contract`, () => options.create(), storeCases)
}
