using System.Text.Json;
using System.Text.Json.Serialization;

namespace DataLake.Notifier.Composition;

/// <summary>
/// A message as a webhook's body. <c>version</c> counts up when a field changes its meaning or goes; new fields may come at any time.
/// <c>text</c> is the plain text, where the chat programs' incoming webhooks look for it.
/// </summary>
internal static class NoticeJson
{
    /// <summary>The version of the body's form.</summary>
    public const int Version = 1;

    /// <summary>The body, UTF-8.</summary>
    public static byte[] Write(NoticeMessage message) => JsonSerializer.SerializeToUtf8Bytes(
        new NoticeDocument(
            Version,
            message.NoticeId,
            EventName(message),
            message.Pipeline,
            message.Table,
            message.RunId,
            message.Window is { } window ? new WindowDocument(window.IsFromBeginning ? null : window.From, window.To) : null,
            message.Attempt,
            message.Rows,
            message.Bytes,
            message.Files,
            message.WhatHappened,
            message.WhatIsLost,
            message.WhatNext,
            message.WhatToDo,
            message.RaisedAt,
            message.Subject,
            $"{message.Subject}\n\n{NoticeBody.Write(message)}"),
        NoticeJsonContext.Default.NoticeDocument);

    /// <summary>The event as definitions write it: <c>failed</c>, <c>succeeded</c>, <c>late</c> or <c>recovered</c>.</summary>
    public static string EventName(NoticeMessage message) => message.Event.ToString().ToLowerInvariant();
}

/// <summary>The body's fields, in their order.</summary>
internal sealed record NoticeDocument(
    int Version,
    Guid NoticeId,
    string Event,
    string Pipeline,
    string Table,
    Guid? RunId,
    WindowDocument? Window,
    int? Attempt,
    long? Rows,
    long? Bytes,
    int? Files,
    string WhatHappened,
    string WhatIsLost,
    string WhatNext,
    string WhatToDo,
    DateTimeOffset RaisedAt,
    string Subject,
    string Text);

/// <summary>A half-open window; <c>from</c> is null where it reaches back to the beginning.</summary>
internal sealed record WindowDocument(DateTimeOffset? From, DateTimeOffset To);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.Never)]
[JsonSerializable(typeof(NoticeDocument))]
internal sealed partial class NoticeJsonContext : JsonSerializerContext;
