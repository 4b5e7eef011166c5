/** The same code as in workerd, over node:sqlite: quick, and for machines that have no workerd. */

import type { DocumentId } from '../../src/domain/document.ts'
import { createDatabase } from '../../src/state/d1/database.ts'
import { createDocumentObject, type DocumentObject } from '../../src/state/durable-object/document-object.ts'
import { createObjectState } from '../../src/state/durable-object.ts'
import { NOW } from '../helpers/build.ts'
import { createFakeD1, createFakeStorage } from '../helpers/sqlite-d1.ts'
import { describeState, type OpenState } from './state.contract.ts'

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

let join: OpenState

const open: OpenState = async () => {
  const database = createDatabase(createFakeD1().d1)
  const objects = new Map<DocumentId, DocumentObject>()
  const objectOf = (id: DocumentId): DocumentObject => {
    const { storage } = createFakeStorage()
    const known =
      objects.get(id) ?? createDocumentObject({ storage, database, work: async () => {}, now: () => NOW, log: silent })
    objects.set(id, known)
    return known
  }
  join = async () => ({ state: createObjectState({ objectOf, database, onDamage: () => {} }), close: () => {} })
  return join()
}

describeState('objects and D1 over node:sqlite', open, { join: () => join() })
