import { bindContract, type ContractCase, selectCases } from './contract.ts'
import { appendCases } from './store-append.ts'
import { changeCases } from './store-changes.ts'
import { deliveryCases } from './store-delivery.ts'
import { examineCases } from './store-examine.ts'
import { faultCases } from './store-faults.ts'
import { type StoreCase, type StoreFixture, storeHas } from './store-fixture.ts'
import { flagCases } from './store-flags.ts'
import { identityCases } from './store-identity.ts'
import { keywordCases } from './store-keywords.ts'
import { limitCases } from './store-limits.ts'
import { mailboxCases } from './store-mailboxes.ts'
import { metadataCases } from './store-metadata.ts'
import { modSequenceCases } from './store-mod-sequences.ts'
import { randomCases } from './store-random.ts'
import { reopenCases } from './store-reopen.ts'
import { replaceCases } from './store-replace.ts'
import { rightsCases } from './store-rights.ts'
import { searchCases } from './store-search.ts'
import { sharingCases } from './store-sharing.ts'
import { subscriptionCases } from './store-subscriptions.ts'
import { summaryCases } from './store-summaries.ts'
import { transferCases } from './store-transfers.ts'
import { vanishedCases } from './store-vanished.ts'
import { viewCases } from './store-views.ts'
import { watchCases } from './store-watch.ts'

/** Everything that is demanded of a `store`. */
const storeContractCases: readonly StoreCase[] = [
  ...viewCases,
  ...deliveryCases,
  ...appendCases,
  ...replaceCases,
  ...mailboxCases,
  ...subscriptionCases,
  ...identityCases,
  ...transferCases,
  ...flagCases,
  ...keywordCases,
  ...modSequenceCases,
  ...vanishedCases,
  ...summaryCases,
  ...searchCases,
  ...metadataCases,
  ...rightsCases,
  ...sharingCases,
  ...limitCases,
  ...watchCases,
  ...changeCases,
  ...randomCases,
  ...reopenCases,
  ...faultCases,
  ...examineCases,
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
