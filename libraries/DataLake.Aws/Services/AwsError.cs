using System.Text;
using System.Text.Json;

namespace DataLake.Aws.Services;

/// <summary>An error as services of the <see href="https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#operation-error-serialization">JSON protocol</see> send it, and what it means.</summary>
/// <param name="Code">Its code without namespace and address, for example <c>EntityNotFoundException</c>; null where the answer has none: then something other than the service may have answered.</param>
/// <param name="Message">What the service says of it, cut and without control characters.</param>
internal sealed record AwsError(string? Code, string Message)
{
    private const int LongestText = 500;

    /// <summary>Whether a change may have been made although this came: the service's own failures and time-outs, and answers that are not the service's.</summary>
    public bool LeavesOpen(int status) => status is >= 500 or 408 || Code is null || Code.Contains("Timeout", StringComparison.OrdinalIgnoreCase);

    /// <summary>The error in an answer that is not a success.</summary>
    /// <param name="header">The header <c>x-amzn-ErrorType</c>, or null.</param>
    /// <param name="body">The body.</param>
    /// <param name="secret">What is never shown, though the answer quote it: the session token.</param>
    public static AwsError Parse(string? header, ReadOnlyMemory<byte> body, string? secret)
    {
        string? type = header, message = null;
        try
        {
            using var json = JsonDocument.Parse(body);
            type ??= Text(json.RootElement, "__type") ?? Text(json.RootElement, "code");
            message = Text(json.RootElement, "message") ?? Text(json.RootElement, "Message");
        }
        catch (JsonException)
        {
            // Not the service's; the status tells what there is to tell.
        }

        if (secret is not null) message = message?.Replace(secret, "(session token)", StringComparison.Ordinal);
        return new AwsError(string.IsNullOrWhiteSpace(type) ? null : Shown(type.Split(':')[0].Split('#')[^1]), Shown(message ?? ""));
    }

    /// <summary>What it means.</summary>
    public AwsErrorKind KindOf(int status) => Code switch
    {
        "EntityNotFoundException" or "ResourceNotFoundException" => AwsErrorKind.NotFound,
        "AlreadyExistsException" or "ResourceExistsException" => AwsErrorKind.AlreadyExists,
        "ConcurrentModificationException" or "VersionMismatchException" => AwsErrorKind.Conflict,
        "ThrottlingException" or "Throttling" or "TooManyRequestsException" or "RequestLimitExceeded" or "RequestThrottledException" or "SlowDown" => AwsErrorKind.Throttled,
        "AccessDeniedException" or "AccessDenied" or "UnrecognizedClientException" or "ExpiredTokenException" or "ExpiredToken" or "InvalidSignatureException" or "SignatureDoesNotMatch"
            or "IncompleteSignatureException" or "MissingAuthenticationTokenException" or "InvalidClientTokenId" or "OptInRequired" or "NotAuthorizedException" => AwsErrorKind.Denied,
        "ResourceNumberLimitExceededException" or "LimitExceededException" => AwsErrorKind.LimitExceeded,
        "ResourceNotReadyException" => AwsErrorKind.Unavailable,
        _ => status switch
        {
            401 or 403 => AwsErrorKind.Denied,
            429 => AwsErrorKind.Throttled,
            _ when LeavesOpen(status) => Code is null && status < 500 ? AwsErrorKind.Unreadable : AwsErrorKind.Unavailable,
            _ => AwsErrorKind.Invalid,
        },
    };

    /// <summary>The exception for it, where it is known that nothing was changed.</summary>
    /// <param name="what">What was asked, for messages.</param>
    /// <param name="status">The HTTP status.</param>
    /// <param name="action">The IAM action, for example <c>glue:GetTable</c>.</param>
    public AwsException Exception(string what, int status, string action)
    {
        var kind = KindOf(status);
        var advice = kind switch
        {
            AwsErrorKind.Denied when Code?.Contains("Signature", StringComparison.Ordinal) == true => "Check the secret access key and this machine's clock.",
            AwsErrorKind.Denied when Code?.Contains("AccessDenied", StringComparison.Ordinal) == true =>
                $"Allow {action} to the role that runs this; where Lake Formation governs the database, its administrator must grant the permission there too.",
            AwsErrorKind.Denied => "The credentials are not accepted, or have expired. Correct or renew them.",
            AwsErrorKind.NotFound => "Check the names, the region and the account.",
            AwsErrorKind.AlreadyExists => "Use the one that is there, or choose another name.",
            AwsErrorKind.Conflict => "Read it again and repeat the operation.",
            AwsErrorKind.Throttled => "Try again later, or ask AWS for a higher quota.",
            AwsErrorKind.LimitExceeded => "Remove what is not used, or ask AWS for a higher quota.",
            AwsErrorKind.Unreadable => "Something other than AWS may have answered: check the address and proxies.",
            AwsErrorKind.Unavailable => "Try again later.",
            _ => "Correct the request.",
        };
        return new AwsException(kind, $"{what} was answered with {status}{Said}. {advice}");
    }

    /// <summary>What was said, for messages.</summary>
    public string Said => Code is null ? " and a body that is not an error of AWS" : Message.Length == 0 ? $": {Code}" : $": {Code}: {Message.TrimEnd('.')}";

    private static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Shown(string text)
    {
        var shown = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length >= LongestText) return shown.Append("...").ToString();
            shown.Append(Rune.IsControl(rune) ? " " : rune.ToString());
        }

        return shown.ToString();
    }
}
