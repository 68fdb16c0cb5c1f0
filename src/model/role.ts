import type { Static, TObject } from 'typebox'
import type { Host } from './host.ts'
import type { Fact } from './probe.ts'
import type { Resources } from './resource.ts'

// biome-ignore lint/suspicious/noExplicitAny: a map of facts of any answer; each answer's type is inferred below
export type Facts = Readonly<Record<string, Fact<any>>>
export type Known<F extends Facts> = { readonly [K in keyof F]: F[K] extends Fact<infer T> ? T : never }

/** Another host as a role may see it: all hosts of the inventory, whatever `--limit` says. */
export interface Peer<F> extends Host {
  readonly facts: F
}

/** What a role knows when it says what it wants. */
export interface Scene<V, F> {
  readonly vars: V
  readonly facts: F
  readonly host: Host
  /** All hosts the play runs on, this one included, in inventory order. A host that could not be reached has no facts and is left out. */
  readonly hosts: readonly Peer<F>[]
}

/** A role after its types are checked: what the engine uses. */
export interface Role {
  readonly name: string
  readonly vars: TObject
  readonly facts: Facts
  resources(scene: Scene<unknown, unknown>): Resources
}

/**
 * Declares a role: a pure function from checked vars and facts to resources. Its vars live under the role's name
 * in the inventory; unknown keys are errors there.
 */
export function role<V extends TObject, const F extends Facts = Record<never, never>>(spec: {
  readonly name: string
  readonly vars: V
  readonly facts?: F
  resources(scene: Scene<Static<V>, Known<F>>): Resources
}): Role {
  // The engine validates vars against `spec.vars` and gathers `spec.facts` before it calls `resources`.
  return {
    name: spec.name,
    vars: spec.vars,
    facts: spec.facts ?? {},
    resources: spec.resources as Role['resources'],
  }
}
