using CsCheck;
using Portcullis.Git;

namespace Portcullis.Tests.Git;

public class ObjectIdTests
{
    private static readonly Gen<byte[]> Raw = Gen.OneOf(Gen.Byte.Array[20], Gen.Byte.Array[32]);

    [Fact]
    public void Printing_and_parsing_are_inverse()
    {
        Raw.Sample(raw =>
        {
            var id = ObjectId.FromBytes(raw);
            var hex = new byte[64];
            var bytes = new byte[32];
            return ObjectId.TryParse(id.ToString(), out var parsed) && parsed == id && parsed.GetHashCode() == id.GetHashCode()
                && id.ToString() == Convert.ToHexStringLower(raw)
                && ObjectId.TryParse(hex.AsSpan(0, id.CopyHexTo(hex)), out var again) && again == id
                && bytes.AsSpan(0, id.CopyTo(bytes)).SequenceEqual(raw)
                && id.Format == (raw.Length == 32 ? ObjectFormat.Sha256 : ObjectFormat.Sha1);
        });
    }

    [Fact]
    public void Ids_sort_as_their_bytes()
    {
        Gen.Byte.Array[20].Array[2].Sample(pair =>
            Math.Sign(ObjectId.FromBytes(pair[0]).CompareTo(ObjectId.FromBytes(pair[1]))) == Math.Sign(pair[0].AsSpan().SequenceCompareTo(pair[1])));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0123456789abcdef0123456789abcdef0123456")]
    [InlineData("0123456789abcdef0123456789abcdef012345678")]
    [InlineData("0123456789ABCDEF0123456789abcdef01234567")]
    [InlineData("g123456789abcdef0123456789abcdef01234567")]
    [InlineData(" 123456789abcdef0123456789abcdef01234567")]
    [InlineData("０123456789abcdef0123456789abcdef01234567")]
    public void Rejects_everything_but_forty_or_sixty_four_lowercase_digits(string text)
    {
        Assert.False(ObjectId.TryParse(text, out _));
    }

    [Fact]
    public void Zero_of_one_format_is_not_zero_of_the_other()
    {
        Assert.True(ObjectId.Zero(ObjectFormat.Sha1).IsZero);
        Assert.True(ObjectId.Zero(ObjectFormat.Sha256).IsZero);
        Assert.NotEqual(ObjectId.Zero(ObjectFormat.Sha1), ObjectId.Zero(ObjectFormat.Sha256));
        Assert.Equal(default, ObjectId.Zero(ObjectFormat.Sha1));
        Assert.Equal(new string('0', 64), ObjectId.Zero(ObjectFormat.Sha256).ToString());
    }
}
