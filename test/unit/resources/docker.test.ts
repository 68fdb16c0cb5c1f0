import { expect, test } from 'vitest'
import { sharedLayers } from '../../../src/resources/docker-image.ts'
import { differences, specOf } from '../../../src/resources/swarm-spec.ts'

const layers = (...names: string[]) => JSON.stringify(names)

test('a layer is sent only when no image of the receiver has the same layers up to it', () => {
  expect(sharedLayers(['a', 'b', 'c'], '')).toEqual([])
  expect(sharedLayers(['a', 'b', 'c'], layers('a', 'b', 'x'))).toEqual(['a', 'b'])
  expect(sharedLayers(['a', 'b', 'c'], [layers('x'), layers('a')].join('\n'))).toEqual(['a'])
  // The same layer on another one below is another layer.
  expect(sharedLayers(['a', 'b', 'c'], layers('x', 'b', 'c'))).toEqual([])
  expect(sharedLayers(['a', 'b'], layers('a', 'b', 'c'))).toEqual(['a', 'b'])
})

const wish = { name: 'etcd-h1', image: 'etcd:1', host: 'h1', secrets: [{ name: 'ca_1', file: 'ca.crt' }] }

test('what the Engine adds by itself is no difference; ids of the swarm are none either', () => {
  const spec = specOf(wish)
  const found = JSON.parse(JSON.stringify(spec))
  found.TaskTemplate.ForceUpdate = 3
  found.TaskTemplate.Runtime = 'container'
  found.TaskTemplate.ContainerSpec.Isolation = 'default'
  found.TaskTemplate.ContainerSpec.Secrets[0].SecretID = 'k3j4'
  found.TaskTemplate.Networks = [{ Target: 'abc123' }]
  expect(differences(spec, found)).toEqual([])
})

test('a difference is told by its path', () => {
  const found = specOf({ ...wish, image: 'etcd:0', secrets: [{ name: 'ca_0', file: 'ca.crt' }] })
  expect(differences(specOf(wish), found)).toEqual([
    { attribute: 'Image', from: 'etcd:0', to: 'etcd:1' },
    { attribute: 'Secrets[0].SecretName', from: 'ca_0', to: 'ca_1' },
  ])
})
