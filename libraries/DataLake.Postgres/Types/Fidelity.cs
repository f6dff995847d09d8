namespace DataLake.Postgres.Types;

/// <summary>How truly the lake has what the source has.</summary>
public enum Fidelity
{
    /// <summary>The same value in a type of its own; a value that the type cannot hold stops the run.</summary>
    Exact,

    /// <summary>The text that PostgreSQL writes for the value, which PostgreSQL reads back as the same value.</summary>
    ExactAsText,

    /// <summary>As the definition's <c>types</c> say.</summary>
    Policy,

    /// <summary>Masked: the lake does not have the value.</summary>
    Masked,
}
