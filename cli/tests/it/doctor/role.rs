//! AWS calls that the settings allow, and that the function's role does not.

use serde_json::Value;

use super::packages::report_on;

const ENTRIES: &str = "[aws]\nallow = ['dynamodb:GetItem']\n";

/// The findings and notes of the rule about a function with these properties, beside these resources.
fn found(settings: &str, properties: &str, resources: &str) -> (Vec<Value>, Vec<Value>) {
    let template = format!(
        "
Parameters:
  Given: {{Type: String}}
Resources:
  Stream:
    Type: AWS::Serverless::Function
    Properties: {{Runtime: provided.al2023, Handler: handler, CodeUri: function.zip, Layers: ['arn:aws:lambda:eu-central-1:123456789012:layer:host:1'], Timeout: 60, {properties}}}
{resources}
"
    );
    let report = report_on(&template, settings);
    let of = |list: &str| {
        let all = report[list].as_array().unwrap().iter();
        all.filter(|it| it["rule"] == "missing-action")
            .cloned()
            .collect()
    };
    (of("findings"), of("notes"))
}

/// A role with one statement.
fn role(statement: &str) -> String {
    format!(
        "  Role: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {{}}, Policies: \
         [{{PolicyName: p, PolicyDocument: {{Statement: {statement}}}}}]}}}}"
    )
}

#[test]
fn an_action_that_no_policy_of_the_role_allows_is_a_warning_with_its_name() {
    let roles = [
        role("{Effect: Allow, Action: 'sqs:SendMessage', Resource: '*'}"),
        role("[{Effect: Allow, Action: ['dynamodb:Put*', 'logs:*'], Resource: '*'}]"),
        role("{Effect: Deny, Action: 'dynamodb:*', Resource: '*'}"),
    ];
    for role in roles {
        let (findings, notes) = found(ENTRIES, "Role: !GetAtt Role.Arn", &role);

        assert_eq!(notes.len(), 0, "{notes:#?}");
        let [finding] = &findings[..] else {
            panic!("{role}: {findings:#?}");
        };
        assert_eq!(finding["severity"], "warning");
        let message = finding["message"].as_str().unwrap();
        assert!(message.contains("`dynamodb:GetItem`"), "{message}");
        assert!(message.contains("`Stream`"), "{message}");
    }
}

#[test]
fn an_action_that_the_role_allows_is_found_in_each_place_that_may_have_it() {
    let attached = "  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {}}}\n  \
                    Attached: {Type: AWS::IAM::Policy, Properties: {Roles: [!Ref Role], \
                    PolicyDocument: {Statement: {Effect: Allow, Action: 'dynamodb:GetItem'}}}}";
    let own = "{Statement: [{Effect: Allow, Action: 'dynamodb:Get*', Resource: '*'}]}";
    for (properties, resources) in [
        (
            "Role: !GetAtt Role.Arn",
            &*role("{Effect: Allow, Action: 'DynamoDB:GetItem', Resource: '*'}"),
        ),
        (
            "Role: !GetAtt Role.Arn",
            &role("[{Effect: Allow, Action: '*', Resource: '*'}]"),
        ),
        ("Role: !GetAtt Role.Arn", attached),
        (&format!("Policies: [{own}]"), ""),
        (&format!("Policies: {own}"), ""),
        ("Policies: [DynamoDBReadPolicy: {TableName: t}]", ""),
        ("Policies: AmazonDynamoDBReadOnlyAccess", ""),
        (
            "Policies: ['arn:aws:iam::aws:policy/AdministratorAccess']",
            "",
        ),
    ] {
        let (findings, notes) = found(ENTRIES, properties, resources);
        let all = [findings, notes].concat();
        assert_eq!(all.len(), 0, "{properties}: {all:#?}");
    }
}

#[test]
fn a_secret_from_a_store_needs_the_action_that_reads_it() {
    let settings = "[secrets]\nK = { hosts = ['a.example'], from = 'ssm:/prod/key' }\n";
    for (action, expected) in [("ssm:GetParameter", 0), ("ssm:PutParameter", 1)] {
        let role = role(&format!(
            "{{Effect: Allow, Action: '{action}', Resource: '*'}}"
        ));
        let (findings, notes) = found(settings, "Role: !GetAtt Role.Arn", &role);
        assert_eq!(
            (findings.len(), notes.len()),
            (expected, 0),
            "{findings:#?}"
        );
    }
}

#[test]
fn a_role_that_cannot_be_read_is_a_note() {
    for properties in [
        "Role: 'arn:aws:iam::123456789012:role/other'",
        "Role: !ImportValue role",
        "Policies: ['arn:aws:iam::123456789012:policy/own']",
        "Policies: [!Ref Given]",
        "Policies: [AWSLambdaBasicExecutionRole, our-own-policy]",
    ] {
        let (findings, notes) = found(ENTRIES, properties, "");
        assert_eq!(findings.len(), 0, "{properties}: {findings:#?}");
        assert_eq!(notes.len(), 1, "{properties}: {notes:#?}");
    }
}

#[test]
fn only_what_the_settings_allow_is_needed() {
    let (findings, notes) = found("", "MemorySize: 128", "");
    assert_eq!(findings.len() + notes.len(), 0);
    let variables = "Environment: {Variables: {BOOTSTREAM_AWS_ALLOW: 's3/reports:read, sqs'}}";
    let (findings, _) = found(ENTRIES, variables, "");
    assert_eq!(findings.len(), 2, "{findings:#?}");
    let (findings, _) = found(
        ENTRIES,
        "Environment: {Variables: {BOOTSTREAM_AWS_ALLOW: ''}}",
        "",
    );
    assert_eq!(findings.len(), 0, "{findings:#?}");
}
