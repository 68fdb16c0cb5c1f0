import type { Static, TObject } from 'typebox'
import { userPlace } from '../errors.ts'
import type { Host } from './host.ts'
import type { Fact } from './probe.ts'
import type { Resources } from './resource.ts'
import { t } from './schema.ts'
import { mustBeResources, runByUser } from './users-code.ts'
import type { SecretSpec } from './vault.ts'

// biome-ignore lint/suspicious/noExplicitAny: a map of facts of any answer; each answer's type is inferred below
export type Facts = Readonly<Record<string, Fact<any>>>
export type Known<F extends Facts> = { readonly [K in keyof F]: F[K] extends Fact<infer T> ? T : never }

/** Another host as a role may see it: all hosts of the inventory, whatever `--limit` says. */
export interface Peer<F> extends Host {
  readonly facts: F
}

/** Vars that several roles read, under a name of their own in the inventory. */
export interface SharedVars<V extends TObject = TObject> {
  readonly name: string
  readonly vars: V
}

// biome-ignore lint/suspicious/noExplicitAny: a map of vars of any shape; each one's type is inferred below
export type Shared = Readonly<Record<string, SharedVars<any>>>
export type SharedOf<S extends Shared> = {
  readonly [K in keyof S]: S[K] extends SharedVars<infer V> ? Static<V> : never
}
export type SecretSpecs = Readonly<Record<string, SecretSpec>>
export type SecretsOf<S extends SecretSpecs> = {
  readonly [K in keyof S]: NonNullable<S[K]> extends SecretSpec<infer T> ? T : never
}

/** What a role knows when it says what it wants. */
export interface Scene<V, F, S = unknown, P = unknown> {
  readonly vars: V
  readonly facts: F
  /** Vars that other roles read too, by their names in the role's `shared`. */
  readonly shared: S
  readonly secrets: P
  readonly host: Host
  /** All hosts the play runs on, this one included, in inventory order. A host that could not be reached has no facts and is left out. */
  readonly hosts: readonly Peer<F>[]
}

/** What the inventory says to a role: all that is known before the first connection. */
export interface Given<V, S> {
  readonly vars: V
  readonly shared: S
}

/** A role after its types are checked: what the engine uses. */
export interface Role {
  readonly name: string
  readonly vars: TObject
  readonly facts: Facts
  readonly shared: Shared
  secrets(vars: unknown, shared: unknown): SecretSpecs
  check(given: Given<unknown, unknown>): void
  resources(scene: Scene<unknown, unknown>): Resources
}

/**
 * Declares a role: a pure function from checked vars, facts and secrets to resources. Its vars live under the role's
 * name in the inventory; unknown keys are errors there. What its functions throw becomes an InputError with the line that threw.
 */
export function role<
  V extends TObject = TObject<Record<never, never>>,
  const F extends Facts = Record<never, never>,
  const S extends Shared = Record<never, never>,
  const P extends SecretSpecs = Record<never, never>,
>(spec: {
  readonly name: string
  /** `t.Object({ … })`; a role without vars may leave it out. */
  readonly vars?: V
  readonly facts?: F
  readonly shared?: S
  /** What it needs; a function where that follows from its vars, or from shared ones. */
  readonly secrets?: P | ((vars: Static<V>, shared: SharedOf<S>) => P)
  /** Throws an InputError where vars that fit each by itself do not fit together. Called before the first connection. */
  check?(given: Given<Static<V>, SharedOf<S>>): void
  resources(scene: Scene<Static<V>, Known<F>, SharedOf<S>, SecretsOf<P>>): Resources
}): Role {
  // The engine validates vars, gathers facts and opens secrets before it calls `resources`.
  const site: { stack?: string } = {}
  Error.captureStackTrace(site, role)
  const { name, secrets } = spec
  const run = <T>(work: () => T, host?: string): T =>
    runByUser(work, { what: `role ${name}`, host, where: () => userPlace(site.stack ?? '') })
  return {
    name,
    vars: spec.vars ?? t.Object({}),
    facts: spec.facts ?? {},
    shared: spec.shared ?? {},
    secrets: (vars, shared) =>
      run(() =>
        typeof secrets === 'function' ? (secrets as Role['secrets'])(vars, shared) : (secrets ?? {}),
      ),
    check: (given) => run(() => (spec.check as Role['check'] | undefined)?.(given)),
    resources: (scene) =>
      run(() => {
        const wanted = (spec.resources as Role['resources'])(scene)
        mustBeResources(wanted, name)
        return wanted
      }, scene.host?.name),
  }
}

/** Declares vars that several roles read. */
export function sharedVars<V extends TObject>(name: string, vars: V): SharedVars<V> {
  return { name, vars }
}
