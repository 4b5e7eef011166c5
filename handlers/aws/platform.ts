/** What Lambda gives to a function, as far as ours look at it. https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */

export type Context = { getRemainingTimeInMillis(): number }

export type SqsBatch = { readonly Records: readonly { readonly messageId: string; readonly body: string }[] }
export type SqsFailures = { readonly batchItemFailures: readonly { readonly itemIdentifier: string }[] }
