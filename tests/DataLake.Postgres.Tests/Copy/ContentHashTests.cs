using System.Globalization;
using DataLake.Contracts;
using DataLake.Parquet.Hashing;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Types;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Copy;

public sealed class ContentHashTests
{
    // Seed 0 over the buffer that xxHash's own tests use; the values are those of hash-wasm, which agree with the reference's for the lengths that it lists.
    [Theory]
    [InlineData(0, "99aa06d3014798d86001c324468d497f")]
    [InlineData(1, "a6cd5e9392000f6ac44bdff4074eecdb")]
    [InlineData(2, "76750c3c7bf956687a9978044cb8a8bb")]
    [InlineData(3, "20efc49ff02422ea54247382a8d6b94d")]
    [InlineData(4, "970d585ac632bf8e2e7d8d6876a39fe9")]
    [InlineData(6, "082afe0b8162d12a3e7039bdda43cfc6")]
    [InlineData(8, "47a7f080d82bb45664c69cab4bb21dc5")]
    [InlineData(9, "564ef6078950d457ed7ccbc501eb7501")]
    [InlineData(12, "6e3efd8fc7802b18061a192713f69ad9")]
    [InlineData(16, "c68c368ecf8a9c05562980258a998629")]
    [InlineData(17, "955fa78643ed3669abbc12d11973d7db")]
    [InlineData(33, "3103c192ceaa2dede593bc4e5914c9d1")]
    [InlineData(64, "6d90e81a9b0fd622efdb6a44690721a9")]
    [InlineData(100, "9b50b05817ab158e5fcbc2e3295f2476")]
    [InlineData(128, "39992220e045260aebb15e34a7fb5ab1")]
    [InlineData(129, "03815fc91f1b30b686c9e3bc8f0a3b5c")]
    [InlineData(160, "ba5d218964b622ad737126c8d7c09cee")]
    [InlineData(200, "e76ff4780fe18439eb060f1bb3126f5a")]
    [InlineData(240, "aa4202daa2769dc85c9aae94c8ebe5a0")]
    [InlineData(241, "99a80ecf0ecfc647c5a639ecd2030e5e")]
    [InlineData(403, "1b6de21e332dd73dcdeb804d65c6dea4")]
    [InlineData(512, "18d2d110dcc9bca1617e49599013cb6b")]
    [InlineData(1023, "e8083e4d83214c3c87a8f7b2f2e22496")]
    [InlineData(1024, "0d30d24071c64c57dd85c9b5c1109c5c")]
    [InlineData(1025, "fd3ee4fe7f2954c6d870c0fa13211c6a")]
    [InlineData(1088, "e0fa3b9e9fb69d83cc1450ea6b52a8f4")]
    [InlineData(1089, "6e026f1a15e62b39ef727b2effc4cc8c")]
    [InlineData(2367, "e89c0f6ff369b427cb37aeb9e5d361ed")]
    [InlineData(4096, "b9cfaea2ca5626a4e91206429d1f48f9")]
    public void Hashes_are_those_of_the_reference(int length, string expected)
    {
        var bytes = new byte[length];
        var generator = 2654435761UL;
        for (var i = 0; i < length; i++, generator *= 11400714785074694797)
        {
            bytes[i] = (byte)(generator >> 56);
        }

        XxHash128.Hash(bytes).ToString("x32", CultureInfo.InvariantCulture).ShouldBe(expected);
    }

    [Fact]
    public void The_order_of_rows_does_not_count_and_their_number_does()
    {
        var hashes = Enumerable.Range(0, 50).Select(i => XxHash128.Hash(BitConverter.GetBytes(i))).ToList();
        var rows = hashes.ConvertAll(hash => new ContentHash(hash));
        var whole = rows.Aggregate((left, right) => left + right);
        whole.ToString().ShouldBe(hashes.Aggregate((left, right) => unchecked(left + right)).ToString("x32", CultureInfo.InvariantCulture));
        rows.AsEnumerable().Reverse().Aggregate((left, right) => left + right).ShouldBe(whole);
        (whole + rows[7]).ShouldNotBe(whole);
        (whole + rows[7]).ShouldNotBe(whole + rows[7] + rows[7] + rows[7]);
        ContentHash.Parse(whole.ToString()).ShouldBe(whole);
        default(ContentHash).ToString().ShouldBe(new string('0', 32));
        Should.Throw<FormatException>(() => ContentHash.Parse(new string('0', 31)));
        Should.Throw<FormatException>(() => ContentHash.Parse(new string('g', 32)));
    }

    /// <summary>What the receipt is for: any value that the file has otherwise than the server sent it.</summary>
    [Fact]
    public async Task A_value_that_was_written_otherwise_is_noticed()
    {
        var sent = Decoding.Columns(("a", PostgresTypeId.Int4, -1), ("b", PostgresTypeId.Numeric, ((10 << 16) | 2) + 4), ("c", PostgresTypeId.Text, -1));
        // A decoder with a mistake: it takes a number for a date, and moves it by 30 years.
        var mistaken = sent.Select((mapping, i) => i == 0 ? mapping with { Bind = Decoding.Columns(("a", PostgresTypeId.Date, -1))[0].Bind } : mapping).ToList();
        var stream = new CopyBytes().Row(CopyBytes.Of(5), null, CopyBytes.Text("x")).End();
        (await Decoding.ToParquetAsync(new MemoryStream(stream), sent)).Rows.ShouldBe(1);
        (await Record.ExceptionAsync(() => Decoding.ToParquetAsync(new MemoryStream(stream), mistaken))).ShouldBeOfType<ShouldAssertException>();
    }
}
