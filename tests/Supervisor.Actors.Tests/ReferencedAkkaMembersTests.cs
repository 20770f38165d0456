using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.CompilerServices;

namespace Supervisor.Actors.Tests;

/// <summary>
/// The code uses only what Akka.NET 1.4 and 1.5 share. The list beside this file is what it uses; whoever adds a line has looked it up in 1.5.
/// </summary>
public sealed class ReferencedAkkaMembersTests
{
    [Fact]
    public void Only_the_listed_members_of_Akka_are_referenced()
    {
        string list = Path.ChangeExtension(ThisFile(), null) + ".txt";
        string[] found = [.. Members(typeof(Supervisor.Actors.Journal.EventSourcedActor).Assembly.Location).Order(StringComparer.Ordinal)];
        if (string.Equals(Environment.GetEnvironmentVariable("SUP_GOLDEN"), "add", StringComparison.Ordinal))
        {
            File.WriteAllLines(list, found);
        }

        Assert.Equal(File.ReadAllLines(list), found);
    }

    private static string ThisFile([CallerFilePath] string source = "") => source;

    private static HashSet<string> Members(string assembly)
    {
        using PEReader file = new(File.OpenRead(assembly));
        MetadataReader reader = file.GetMetadataReader();
        HashSet<string> members = [];
        foreach (TypeReferenceHandle handle in reader.TypeReferences)
        {
            if (OfAkka(reader, handle) is { } type)
            {
                members.Add(type);
            }
        }

        foreach (MemberReferenceHandle handle in reader.MemberReferences)
        {
            MemberReference member = reader.GetMemberReference(handle);
            if (Parent(reader, member.Parent) is { } type)
            {
                members.Add($"{type}.{reader.GetString(member.Name)}");
            }
        }

        return members;
    }

    private static string? Parent(MetadataReader reader, EntityHandle handle) => handle.Kind switch
    {
        HandleKind.TypeReference => OfAkka(reader, (TypeReferenceHandle)handle),
        HandleKind.TypeSpecification => Generic(reader, (TypeSpecificationHandle)handle),
        _ => null,
    };

    /// <summary>A generic type's definition: the first type reference in its signature (ECMA-335, II.23.2.14).</summary>
    private static string? Generic(MetadataReader reader, TypeSpecificationHandle handle)
    {
        BlobReader blob = reader.GetBlobReader(reader.GetTypeSpecification(handle).Signature);
        if (blob.ReadSignatureTypeCode() != SignatureTypeCode.GenericTypeInstance)
        {
            return null;
        }

        blob.ReadCompressedInteger();
        EntityHandle definition = blob.ReadTypeHandle();
        return definition.Kind == HandleKind.TypeReference ? OfAkka(reader, (TypeReferenceHandle)definition) : null;
    }

    private static string? OfAkka(MetadataReader reader, TypeReferenceHandle handle)
    {
        TypeReference type = reader.GetTypeReference(handle);
        if (type.ResolutionScope.Kind == HandleKind.TypeReference)
        {
            return OfAkka(reader, (TypeReferenceHandle)type.ResolutionScope) is { } outer ? $"{outer}+{reader.GetString(type.Name)}" : null;
        }

        if (type.ResolutionScope.Kind != HandleKind.AssemblyReference)
        {
            return null;
        }

        AssemblyReference assembly = reader.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope);
        return reader.GetString(assembly.Name) == "Akka" ? $"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}" : null;
    }
}
