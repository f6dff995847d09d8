using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Transforms;

/// <summary><see href="https://iceberg.apache.org/spec/#truncate-transform-details">Truncate Transform Details</see>.</summary>
internal sealed record TruncateTransform(int Width) : Transform
{
    public override bool PreservesOrder => true;

    public override bool CanTransform(PrimitiveType source) => source.Id is TypeId.Int or TypeId.Long or TypeId.Decimal or TypeId.String or TypeId.Binary;

    public override PrimitiveType ResultType(PrimitiveType source) => source;

    public override string ToString() => $"truncate[{Width}]";

    private protected override IcebergValue ApplyTo(IcebergValue value) => value.Type switch
    {
        // The least multiples of the range have no multiple below them: those values wrap around, as they do in every other implementation.
        TypeId.Int => IcebergValue.Int(unchecked((int)RoundDown(value.AsInt()))),
        TypeId.Long => IcebergValue.Long(unchecked((long)RoundDown(value.AsLong()))),
        TypeId.Decimal => IcebergValue.Decimal(RoundDown(value.AsUnscaled())),
        TypeId.String => IcebergValue.String(FirstCodePoints(value.AsString())),
        TypeId.Binary => value.AsBytes() is var bytes && bytes.Length <= Width ? value : IcebergValue.Binary(bytes[..Width]),
        _ => throw NotFor(value),
    };

    private Int128 RoundDown(Int128 value) => value - (((value % Width) + Width) % Width);

    private string FirstCodePoints(string text)
    {
        if (text.Length <= Width) return text;
        var at = 0;
        for (var kept = 0; kept < Width && at < text.Length; kept++) at += char.IsSurrogatePair(text, at) ? 2 : 1;
        return text[..at];
    }
}
