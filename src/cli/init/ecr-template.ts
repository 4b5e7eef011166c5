/** What brings ECR's events out of AWS: a rule, an API destination with its connection, and a queue for what could not be delivered. */

export const ECR_TEMPLATE = `# Amazon ECR tells Drayage by an EventBridge API destination. Once in each account and region that has a registry.
AWSTemplateFormatVersion: '2010-09-09'
Description: Amazon ECR's events for Drayage
Parameters:
  HookUrl:
    Type: String
    AllowedPattern: https://.+
    Description: https://drayage.example.com/hooks/<name of the entry>
  ApiKey:
    Type: String
    NoEcho: true
    MinLength: 32
    Description: The secret that drayage.yaml refers to as apiKey
  HeaderName:
    Type: String
    Default: x-api-key
    Description: The header in which it is sent
Resources:
  Connection:
    Type: AWS::Events::Connection
    Properties:
      Description: Drayage
      AuthorizationType: API_KEY
      AuthParameters:
        ApiKeyAuthParameters:
          ApiKeyName: !Ref HeaderName
          ApiKeyValue: !Ref ApiKey
  ApiDestination:
    Type: AWS::Events::ApiDestination
    Properties:
      Description: Drayage
      ConnectionArn: !GetAtt Connection.Arn
      InvocationEndpoint: !Ref HookUrl
      HttpMethod: POST
      InvocationRateLimitPerSecond: 50
  DeadLetters:
    Type: AWS::SQS::Queue
    Properties:
      MessageRetentionPeriod: 1209600
      SqsManagedSseEnabled: true
  DeadLettersPolicy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref DeadLetters]
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal: { Service: events.amazonaws.com }
            Action: sqs:SendMessage
            Resource: !GetAtt DeadLetters.Arn
            Condition: { ArnEquals: { 'aws:SourceArn': !GetAtt Rule.Arn } }
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal: { Service: events.amazonaws.com }
            Action: sts:AssumeRole
            Condition: { StringEquals: { 'aws:SourceAccount': !Ref AWS::AccountId } }
      Policies:
        - PolicyName: invoke
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - Effect: Allow
                Action: events:InvokeApiDestination
                Resource: !GetAtt ApiDestination.Arn
  Rule:
    Type: AWS::Events::Rule
    Properties:
      Description: Images and what is known of them, for Drayage
      EventPattern:
        source: [aws.ecr, aws.inspector2]
        detail-type:
          - ECR Image Action
          - ECR Image Scan
          - ECR Replication Action
          - ECR Pull Through Cache Action
          - ECR Referrer Action
          - Inspector2 Scan
          - Inspector2 Finding
      Targets:
        - Id: drayage
          Arn: !GetAtt ApiDestination.Arn
          RoleArn: !GetAtt Role.Arn
          RetryPolicy: { MaximumEventAgeInSeconds: 86400, MaximumRetryAttempts: 185 }
          DeadLetterConfig: { Arn: !GetAtt DeadLetters.Arn }
Outputs:
  DeadLettersUrl:
    Description: What EventBridge gave up after a day. Watch its depth.
    Value: !Ref DeadLetters
`
