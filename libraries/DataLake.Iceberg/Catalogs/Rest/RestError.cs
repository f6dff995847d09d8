using System.Text;
using DataLake.Iceberg.Json;

namespace DataLake.Iceberg.Catalogs.Rest;

/// <summary>
/// Errors as REST catalogs send them: <c>{"error": {"message", "type", "code"}}</c> (<c>IcebergErrorResponse</c> and <c>ErrorModel</c> of the
/// <see href="https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml">OpenAPI description</see>), and what they mean here.
/// </summary>
/// <param name="Type">The error's type, for example <c>NoSuchTableException</c>.</param>
/// <param name="Message">What the server says of it, cut and without control characters.</param>
internal sealed record RestError(string Type, string Message)
{
    private const int LongestText = 500, LongestBody = 1 << 20;

    /// <summary>The error in an answer; null where the body is not of that form: then something other than a catalog may have answered.</summary>
    public static RestError? Parse(RestAnswer answer)
    {
        if (answer.Body.Length > LongestBody) return null;
        try
        {
            return JsonText.Read(answer.Body, "error", element =>
            {
                var error = new JsonObjectReader(element, "answer").Object("error");
                return new RestError(Shown(error.Text("type")), Shown(error.OptionalText("message") ?? ""));
            });
        }
        catch (IcebergException)
        {
            return null;
        }
    }

    /// <summary>Whether the answer says that a table, or its namespace, is not there. A 404 of another form is no such word: the address may be wrong.</summary>
    public static bool SaysMissing(RestAnswer answer) => answer.Status == 404 && Parse(answer) is { Type: not ("NotFoundException" or "NoSuchWarehouseException") };

    /// <summary>The exception for an answer that is not a success, where it is known that nothing was changed.</summary>
    public static IcebergException Of(RestAnswer answer)
    {
        var (kind, advice) = answer.Status switch
        {
            >= 300 and < 400 => (IcebergErrorKind.Invalid, "Redirects are not followed: credentials go to the given address only. Give the catalog's own address."),
            401 or 419 => (IcebergErrorKind.Denied, "The credentials are not accepted, or have expired. Correct them."),
            403 => (IcebergErrorKind.Denied, "The credentials do not allow this. Ask for the grant, or use others."),
            404 => (IcebergErrorKind.NotFound, "Check the address, the warehouse and the names."),
            405 or 406 or 501 => (IcebergErrorKind.Unsupported, "The catalog does not do this."),
            409 => (IcebergErrorKind.CommitConflict, "Load the table again and repeat the operation."),
            408 or 429 or >= 500 => (IcebergErrorKind.Unavailable, "Try again later."),
            _ => (IcebergErrorKind.Invalid, "Correct the request."),
        };
        return new IcebergException(kind, $"{answer.What} was answered with {answer.Status}{Said(answer)}. {advice}");
    }

    /// <summary>The exception for a change whose answer is lost, or is one that leaves open whether it was made.</summary>
    public static IcebergException UnknownOutcome(string what, string reason, Exception? cause = null) => new(
        IcebergErrorKind.UnknownOutcome, $"Whether {what} changed the catalog is not known: {reason}. Load the table and look before anything is repeated.", cause);

    /// <summary>What a failed answer says, for messages.</summary>
    public static string Said(RestAnswer answer) => Parse(answer) is { } error ? $": {error.Type}: {error.Message.TrimEnd('.')}" : " and a body that is not a catalog's error";

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
