namespace DataLake.Aws;

/// <summary>What went wrong with a call to AWS.</summary>
public enum AwsErrorKind
{
    /// <summary>The request, a setting or an address is not valid; the caller must correct it.</summary>
    Invalid,

    /// <summary>There is no such thing.</summary>
    NotFound,

    /// <summary>There is one of that name already.</summary>
    AlreadyExists,

    /// <summary>Somebody else changed it first; nothing was changed. Read it again and repeat the operation.</summary>
    Conflict,

    /// <summary>There are no credentials, they are not accepted, or they do not allow this. A person must correct credentials or grants.</summary>
    Denied,

    /// <summary>Too many requests at a time; nothing was done. The same call can succeed later.</summary>
    Throttled,

    /// <summary>The service cannot be reached, or cannot answer now; nothing was changed. The same call can succeed later.</summary>
    Unavailable,

    /// <summary>A quota of the account, or the bytes that an answer may have.</summary>
    LimitExceeded,

    /// <summary>The answer is not what the service sends: something else may have answered.</summary>
    Unreadable,

    /// <summary>The service was asked to change something, and whether it did is not known. Look; never repeat the change blindly.</summary>
    UnknownOutcome,
}
