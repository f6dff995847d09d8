using System.Buffers.Binary;

namespace DataLake.Postgres.Types;

internal readonly struct NumericInt32WireForm(NumericForm form) : IWireForm<int>
{
    public int MostBytes => NumericForm.MostBytesOfLong;

    public int Write(int value, Span<byte> target) => form.Write(value, target);
}

internal readonly struct NumericInt64WireForm(NumericForm form) : IWireForm<long>
{
    public int MostBytes => NumericForm.MostBytesOfLong;

    public int Write(long value, Span<byte> target) => form.Write(value, target);
}

internal readonly struct NumericFixedWireForm(NumericForm form) : IByteArrayWireForm
{
    public int MostBytes(int length) => NumericForm.MostBytesOfInt128;

    public int Write(ReadOnlySpan<byte> value, Span<byte> target)
    {
        Span<byte> wide = stackalloc byte[16];
        wide.Fill((sbyte)value[0] < 0 ? (byte)0xFF : (byte)0);
        value.CopyTo(wide[^value.Length..]);
        var unscaled = BinaryPrimitives.ReadInt128BigEndian(wide);
        return unscaled == (long)unscaled ? form.Write((long)unscaled, target) : form.Write(unscaled, target);
    }
}
