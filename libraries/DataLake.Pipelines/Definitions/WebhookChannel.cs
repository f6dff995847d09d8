namespace DataLake.Pipelines.Definitions;

/// <summary>A POST of JSON to an address. Exactly one of <paramref name="Url"/> and <paramref name="UrlReference"/> is set.</summary>
/// <param name="Url">The address.</param>
/// <param name="UrlReference">Where the address is kept, if it is itself a secret.</param>
/// <param name="Secret">Where the key is kept that signs the body (HMAC); null: not signed.</param>
public sealed record WebhookChannel(Uri? Url, SecretReference? UrlReference, SecretReference? Secret) : NotifyChannel;
